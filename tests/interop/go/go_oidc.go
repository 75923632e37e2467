package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// goOIDC is an application and an API by go-oidc and golang.org/x/oauth2.
func goOIDC(ctx context.Context, of settings, pages *http.ServeMux) error {
	provider, err := oidc.NewProvider(ctx, of.issuer)
	if err != nil {
		return err
	}
	config := oauth2.Config{
		ClientID:     of.clientID,
		ClientSecret: of.clientSecret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  of.base + "/callback",
		Scopes:       scopes,
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: of.clientID})
	var state, nonce, pkce string
	var tokens *oauth2.Token

	pages.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		state, nonce = rand.Text(), rand.Text()
		options := []oauth2.AuthCodeOption{oidc.Nonce(nonce)}
		if of.pkce {
			pkce = oauth2.GenerateVerifier()
			options = append(options, oauth2.S256ChallengeOption(pkce))
		}
		http.Redirect(w, r, config.AuthCodeURL(state, options...), http.StatusFound)
	})

	verified := func(tokens *oauth2.Token) (*oidc.IDToken, error) {
		raw, ok := tokens.Extra("id_token").(string)
		if !ok {
			return nil, errors.New("no ID token")
		}
		claims, err := verifier.Verify(ctx, raw)
		if err != nil {
			return nil, err
		}
		return claims, claims.VerifyAccessToken(tokens.AccessToken)
	}

	signIn := func(r *http.Request) (any, error) {
		query := r.URL.Query()
		if query.Get("error") != "" {
			return nil, errors.New(query.Get("error") + ": " + query.Get("error_description"))
		}
		if query.Get("state") != state {
			return nil, errors.New("another request's state")
		}
		var options []oauth2.AuthCodeOption
		if pkce != "" {
			options = append(options, oauth2.VerifierOption(pkce))
		}
		redeemed, err := config.Exchange(ctx, query.Get("code"), options...)
		if err != nil {
			return nil, err
		}
		claims, err := verified(redeemed)
		if err != nil {
			return nil, err
		}
		if claims.Nonce != nonce {
			return nil, errors.New("another request's nonce")
		}
		tokens = redeemed
		info, err := provider.UserInfo(ctx, config.TokenSource(ctx, tokens))
		if err != nil {
			return nil, err
		}
		var person map[string]any
		err = info.Claims(&person)
		return person, err
	}
	pages.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		person, err := signIn(r)
		answer(w, person, err)
	})

	pages.HandleFunc("/refresh", func(w http.ResponseWriter, _ *http.Request) {
		fresh, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
		if err != nil {
			answer(w, nil, err)
			return
		}
		tokens = fresh
		claims, err := verified(fresh)
		if err != nil {
			answer(w, nil, err)
			return
		}
		answer(w, map[string]any{"sub": claims.Subject, "access_token": fresh.AccessToken}, nil)
	})

	api := provider.Verifier(&oidc.Config{ClientID: audience})
	pages.HandleFunc("/orders", func(w http.ResponseWriter, r *http.Request) {
		token, err := api.Verify(ctx, bearer(r))
		if err != nil {
			answer(w, nil, err)
			return
		}
		var claims map[string]any
		err = token.Claims(&claims)
		answer(w, claims, err)
	})
	return nil
}
