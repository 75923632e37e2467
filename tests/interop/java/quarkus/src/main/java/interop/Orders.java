package interop;

import io.quarkus.security.Authenticated;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.Map;
import org.eclipse.microprofile.jwt.JsonWebToken;

/** An API: {@code quarkus.oidc.application-type=service}. */
@Authenticated
@Path("orders")
public class Orders {
    @Inject
    JsonWebToken accessToken;

    /** What the API knows of its caller. */
    @GET
    public Map<String, Object> orders() {
        return Map.of("caller", accessToken.getClaim("client_id"), "scope", accessToken.getClaim("scope"));
    }
}
