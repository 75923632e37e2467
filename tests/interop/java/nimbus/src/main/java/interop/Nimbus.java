package interop;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenIntrospectionRequest;
import com.nimbusds.oauth2.sdk.TokenIntrospectionResponse;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenRevocationRequest;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.token.BearerAccessToken;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.LogoutRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.claims.UserInfo;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import net.minidev.json.JSONObject;

/** A web application and an API by the OAuth 2.0 SDK of Nimbus, as its documentation writes them. */
public final class Nimbus {
    private final OIDCProviderMetadata provider;
    private final ClientID client;
    private final ClientAuthentication authentication;
    private final URI base;

    private State state;
    private Nonce nonce;
    private OIDCTokens tokens;

    private Nimbus(Map<String, String> environment) throws Exception {
        provider = OIDCProviderMetadata.resolve(new Issuer(environment.get("ISSUER")));
        client = new ClientID(environment.get("CLIENT_ID"));
        authentication = new ClientSecretBasic(client, new Secret(environment.get("CLIENT_SECRET")));
        base = URI.create("http://127.0.0.1:" + environment.get("PORT"));
    }

    public static void main(String[] arguments) throws Exception {
        Nimbus nimbus = new Nimbus(System.getenv());
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", nimbus.base.getPort()), 0);
        serve(server, "/login", nimbus::login);
        serve(server, "/callback", nimbus::callback);
        serve(server, "/refresh", nimbus::refresh);
        serve(server, "/revoke", nimbus::revoke);
        serve(server, "/logout", nimbus::logout);
        serve(server, "/orders", nimbus::orders);
        serve(server, "/introspected", nimbus::introspected);
        server.start();
    }

    private Object login(HttpExchange exchange) {
        state = new State();
        nonce = new Nonce();
        return new AuthenticationRequest.Builder(
                        ResponseType.CODE,
                        new Scope("openid", "profile", "email", "offline_access"),
                        client,
                        base.resolve("/callback"))
                .endpointURI(provider.getAuthorizationEndpointURI())
                .state(state)
                .nonce(nonce)
                .build()
                .toURI();
    }

    private Object callback(HttpExchange exchange) throws Exception {
        AuthenticationResponse answer = AuthenticationResponseParser.parse(base.resolve(exchange.getRequestURI()));
        if (!answer.indicatesSuccess()) {
            throw new Refused(answer.toErrorResponse().getErrorObject().toJSONObject());
        }
        if (!state.equals(answer.getState()) || !provider.getIssuer().equals(answer.getIssuer())) {
            throw new Refused(answer.getState() + " of " + answer.getIssuer());
        }
        tokens = redeem(new AuthorizationCodeGrant(
                answer.toSuccessResponse().getAuthorizationCode(), base.resolve("/callback")));
        IDTokenClaimsSet claims = verify(nonce);
        UserInfoResponse response = UserInfoResponse.parse(
                new UserInfoRequest(provider.getUserInfoEndpointURI(), tokens.getBearerAccessToken())
                        .toHTTPRequest()
                        .send());
        UserInfo person = response.toSuccessResponse().getUserInfo();
        if (!person.getSubject().equals(claims.getSubject())) {
            throw new Refused("the claims of " + person.getSubject());
        }
        return person.toJSONObject();
    }

    private Object refresh(HttpExchange exchange) throws Exception {
        tokens = redeem(new RefreshTokenGrant(tokens.getRefreshToken()));
        JSONObject answer = new JSONObject();
        answer.put("sub", verify(null).getSubject().getValue());
        answer.put("access_token", tokens.getAccessToken().getValue());
        return answer;
    }

    private Object revoke(HttpExchange exchange) throws Exception {
        TokenRevocationRequest request = new TokenRevocationRequest(
                provider.getRevocationEndpointURI(), authentication, tokens.getRefreshToken());
        HTTPResponse response = request.toHTTPRequest().send();
        if (!response.indicatesSuccess()) {
            throw new Refused(response.getBody());
        }
        return new JSONObject(Map.of("revoked", true));
    }

    private Object logout(HttpExchange exchange) {
        return new LogoutRequest(
                        provider.getEndSessionEndpointURI(), tokens.getIDToken(), base.resolve("/bye"), new State())
                .toURI();
    }

    /** An API that verifies the token by itself: RFC 9068 §4. */
    private Object orders(HttpExchange exchange) throws Exception {
        JWKSource<SecurityContext> keys =
                JWKSourceBuilder.create(provider.getJWKSetURI().toURL()).build();
        DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("at+jwt")));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.ES256, keys));
        processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>(
                "https://api.example",
                new JWTClaimsSet.Builder().issuer(provider.getIssuer().getValue()).build(),
                Set.of("sub", "client_id", "exp")));
        return new JSONObject(processor.process(bearer(exchange).getValue(), null).toJSONObject());
    }

    /** An API that asks the issuer about the token: RFC 7662. */
    private Object introspected(HttpExchange exchange) throws Exception {
        TokenIntrospectionRequest request = new TokenIntrospectionRequest(
                provider.getIntrospectionEndpointURI(), authentication, bearer(exchange));
        TokenIntrospectionResponse response =
                TokenIntrospectionResponse.parse(request.toHTTPRequest().send());
        if (!response.indicatesSuccess()) {
            throw new Refused(response.toErrorResponse().getErrorObject().toJSONObject());
        }
        if (!response.toSuccessResponse().isActive()) {
            throw new Refused("not active");
        }
        return response.toSuccessResponse().toJSONObject();
    }

    private OIDCTokens redeem(AuthorizationGrant grant) throws Exception {
        TokenRequest request = new TokenRequest.Builder(provider.getTokenEndpointURI(), authentication, grant).build();
        com.nimbusds.oauth2.sdk.TokenResponse response =
                OIDCTokenResponseParser.parse(request.toHTTPRequest().send());
        if (!response.indicatesSuccess()) {
            throw new Refused(response.toErrorResponse().getErrorObject().toJSONObject());
        }
        return ((OIDCTokenResponse) response.toSuccessResponse()).getOIDCTokens();
    }

    private IDTokenClaimsSet verify(Nonce expected) throws Exception {
        IDTokenValidator validator = new IDTokenValidator(
                provider.getIssuer(), client, JWSAlgorithm.RS256, provider.getJWKSetURI().toURL());
        return validator.validate(tokens.getIDToken(), expected);
    }

    private static BearerAccessToken bearer(HttpExchange exchange) throws Exception {
        return BearerAccessToken.parse(exchange.getRequestHeaders().getFirst("Authorization"));
    }

    private static final class Refused extends Exception {
        Refused(Object answer) {
            super(String.valueOf(answer));
        }
    }

    private interface Page {
        /** A URI to redirect to, or what the page says. */
        Object answer(HttpExchange exchange) throws Exception;
    }

    private static void serve(HttpServer server, String path, Page page) {
        server.createContext(path, exchange -> {
            try {
                Object answer = page.answer(exchange);
                if (answer instanceof URI location) {
                    exchange.getResponseHeaders().add("Location", location.toString());
                    send(exchange, 302, "");
                } else {
                    send(exchange, 200, answer.toString());
                }
            } catch (Exception error) {
                send(exchange, 401, error.toString());
            }
        });
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
