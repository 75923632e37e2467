package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/client/rs"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// zitadel is an application and an API by zitadel/oidc.
func zitadel(ctx context.Context, of settings, pages *http.ServeMux) error {
	key := []byte("sixteen bytes of")
	cookies := httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure())
	options := []rp.Option{rp.WithCookieHandler(cookies), rp.WithSigningAlgsFromDiscovery()}
	if of.pkce {
		options = append(options, rp.WithPKCE(cookies))
	}
	provider, err := rp.NewRelyingPartyOIDC(ctx, of.issuer, of.clientID, of.clientSecret, of.base+"/callback", scopes, options...)
	if err != nil {
		return err
	}
	api, err := rs.NewResourceServerClientCredentials(ctx, of.issuer, of.clientID, of.clientSecret)
	if err != nil {
		return err
	}
	type idTokens = oidc.Tokens[*oidc.IDTokenClaims]
	var tokens *idTokens

	pages.HandleFunc("/login", rp.AuthURLHandler(rand.Text, provider))

	signedIn := func(w http.ResponseWriter, _ *http.Request, redeemed *idTokens, _ string, _ rp.RelyingParty, info *oidc.UserInfo) {
		tokens = redeemed
		answer(w, info, nil)
	}
	pages.HandleFunc("/callback", rp.CodeExchangeHandler(rp.UserinfoCallback(signedIn), provider))

	pages.HandleFunc("/refresh", func(w http.ResponseWriter, _ *http.Request) {
		fresh, err := rp.RefreshTokens[*oidc.IDTokenClaims](ctx, provider, tokens.RefreshToken, "", "")
		if err != nil {
			answer(w, nil, err)
			return
		}
		tokens = fresh
		answer(w, map[string]any{"sub": fresh.IDTokenClaims.Subject, "access_token": fresh.AccessToken}, nil)
	})

	pages.HandleFunc("/revoke", func(w http.ResponseWriter, _ *http.Request) {
		err := rp.RevokeToken(ctx, provider, tokens.RefreshToken, "refresh_token")
		answer(w, map[string]any{"revoked": true}, err)
	})

	// The application calls the issuer by itself, without the browser and its cookies.
	pages.HandleFunc("/logout", func(w http.ResponseWriter, _ *http.Request) {
		_, err := rp.EndSession(ctx, provider, tokens.IDToken, "", "", "", nil)
		answer(w, map[string]any{"ended": true}, err)
	})

	pages.HandleFunc("/introspected", func(w http.ResponseWriter, r *http.Request) {
		answered, err := rs.Introspect[*oidc.IntrospectionResponse](r.Context(), api, bearer(r))
		if err == nil && !answered.Active {
			err = errors.New("not active")
		}
		answer(w, answered, err)
	})
	return nil
}
