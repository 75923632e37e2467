// Command applications is a web application, or an API, by one of Go's libraries for OpenID Connect, each used as its own
// example uses it. The argument names the library; the environment holds ISSUER, CLIENT_ID, CLIENT_SECRET and PORT.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"
)

// settings is what the environment says.
type settings struct {
	issuer       string
	clientID     string
	clientSecret string
	base         string
	pkce         bool
}

// scopes are what every web application here asks for.
var scopes = []string{"openid", "profile", "email", "offline_access"}

// audience is the resource for which the APIs here accept tokens.
const audience = "https://api.example"

func main() {
	applications := map[string]func(context.Context, settings, *http.ServeMux) error{
		"go-oidc": goOIDC,
		"zitadel": zitadel,
	}
	port := os.Getenv("PORT")
	of := settings{
		issuer:       os.Getenv("ISSUER"),
		clientID:     os.Getenv("CLIENT_ID"),
		clientSecret: os.Getenv("CLIENT_SECRET"),
		base:         "http://127.0.0.1:" + port,
		pkce:         os.Getenv("PKCE") != "",
	}
	pages := http.NewServeMux()
	if err := applications[os.Args[1]](context.Background(), of, pages); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, pages))
}

// answer writes JSON, or the error that a library returned.
func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Print(err)
	}
}

// bearer is the access token of a request.
func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}
