package listing_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/listing"
)

const lists = "/workspace/acme/access-tokens"

func TestOneGoesBackToListsAndTokensAlone(t *testing.T) {
	t.Parallel()
	for address, name := range map[string]string{
		lists: "Access tokens", lists + "?q=a+b&sort=-used": "Access tokens", "/workspace/acme/integration-tokens?page=2": "Integration tokens",
		"/settings/tokens": "My tokens", "/workspace/acme/members?q=eve": "Members", "/workspace/acme/service-accounts": "Service accounts",
		"/workspace/acme/settings/webhooks?after=7": "Webhooks", "/instance/webhooks": "Webhooks", "/workspace/acme/settings/policy": "", "/workspace/acme/members/usr_x": "", "/instance/people?only=one_factor": "People", "/workspace/acme/developer-tools": "Developer tools", lists + "/NJVF4lL4EIHc?from=%2Fsettings%2Ftokens": "Token",

		"": "", "x": "", "//evil.example" + lists: "", "https://evil.example" + lists: "", "/\\evil.example": "", lists + "#x": "", "javascript:alert(1)": "",
		"/signout": "", "/signin?next=" + lists: "", "/workspaces": "", "/instance": "", lists + "/new": "", lists + "/export": "", lists + "/a/delete": "", lists + "/": "",
		"/workspace/acme": "", "/workspace/../settings/tokens": "", "/workspace/a%2Fb/access-tokens": "", "/settings/tokens/reset": "",
		lists + "?q=" + strings.Repeat("x", 2000): "", lists + "\r\nSet-Cookie: a=b": "", "/help/workspace/acme/access-tokens": "",
	} {
		p, ok := listing.Back(address)
		if ok != (name != "") || ok && (p.Name != name || p.Href != address || p.Token != (name == "Token")) {
			t.Errorf("%q: %+v, %v", address, p, ok)
		}
		if carried := listing.Carry("/x?a=b", address); (carried != "/x?a=b") != ok {
			t.Errorf("%q is carried on: %s", address, carried)
		}
	}
}

// TestNoTokenIsCarriedOn: where one came from is an address, which no token stands in.
func TestNoTokenIsCarriedOn(t *testing.T) {
	t.Parallel()
	if p, ok := listing.Back(lists + "?q=" + "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"); ok {
		t.Errorf("%+v", p)
	}
}

func TestAListIsFoundBehindTheTokenThatItLedTo(t *testing.T) {
	t.Parallel()
	narrowed := lists + "?q=ci&sort=label"
	page := listing.Carry(lists+"/NJVF4lL4EIHc", narrowed)
	if p, ok := listing.List(page); !ok || p.Href != narrowed {
		t.Errorf("%+v", p)
	}
	if p, ok := listing.List(narrowed); !ok || p.Href != narrowed {
		t.Errorf("%+v", p)
	}
	for _, address := range []string{lists + "/NJVF4lL4EIHc", listing.Carry(page, page), "//evil.example"} {
		if p, ok := listing.List(address); ok {
			t.Errorf("%s: %+v", address, p)
		}
	}
	u, err := url.Parse(listing.Place{Href: narrowed}.Undo("acme/NJVF4lL4EIHc/7"))
	if err != nil || u.Query().Get("undo") != "acme/NJVF4lL4EIHc/7" || u.Query().Get("q") != "ci" {
		t.Errorf("%v, %v", u, err)
	}
}
