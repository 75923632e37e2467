package interop;

import io.quarkus.oidc.AccessTokenCredential;
import io.quarkus.oidc.IdToken;
import io.quarkus.oidc.RefreshToken;
import io.quarkus.oidc.UserInfo;
import io.quarkus.security.Authenticated;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.Map;
import org.eclipse.microprofile.jwt.JsonWebToken;

/** The pages of a web application: {@code quarkus.oidc.application-type=web-app}. */
@Authenticated
@Path("/")
public class Application {
    @Inject
    @IdToken
    JsonWebToken idToken;

    @Inject
    AccessTokenCredential accessToken;

    @Inject
    RefreshToken refreshToken;

    @Inject
    UserInfo userInfo;

    /** The person who has signed in. */
    @GET
    public Map<String, Object> person() {
        return Map.of(
                "sub", idToken.getSubject(),
                "name", userInfo.getPreferredUserName(),
                "email", userInfo.getEmail());
    }

    /** The access token for APIs; Quarkus refreshes it when the ID token has expired. */
    @GET
    @Path("token")
    public Map<String, Object> token() {
        return Map.of("access_token", accessToken.getToken(), "has_refresh_token", refreshToken.getToken() != null);
    }
}
