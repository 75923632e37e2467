package interop;

import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A web application or an API, by the properties that it is started with: Spring Boot's own configuration applies where
 * {@link Settings} adds nothing.
 */
@SpringBootApplication
@RestController
public class Application {
    public static void main(String[] arguments) {
        SpringApplication.run(Application.class, arguments);
    }

    /** The person who has signed in. */
    @GetMapping("/")
    Map<String, Object> person(@AuthenticationPrincipal OidcUser person) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("sub", person.getSubject());
        answer.put("name", person.getPreferredUsername());
        answer.put("email", person.getEmail());
        return answer;
    }

    /** The access token that Spring would send to an API; it refreshes the token by itself. */
    @GetMapping("/token")
    Map<String, Object> token(@RegisteredOAuth2AuthorizedClient("signet") OAuth2AuthorizedClient client) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("access_token", client.getAccessToken().getTokenValue());
        answer.put("has_refresh_token", client.getRefreshToken() != null);
        return answer;
    }

    /** What the API knows of its caller. */
    @GetMapping("/orders")
    Map<String, Object> orders(@AuthenticationPrincipal Jwt token) {
        return Map.of("caller", token.getClaimAsString("client_id"), "scope", token.getClaimAsString("scope"));
    }
}
