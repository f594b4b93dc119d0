package quick_test

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/quick"
)

// FuzzScannedRequestsReadAlike: what the scanner reads, the library reads too,
// and the same.
func FuzzScannedRequestsReadAlike(f *testing.F) {
	for _, s := range []string{
		`{"token":"tkyp_x","scopes":["a:b","c:d"],"resource":"any","workspace":"acme","peek":true,"client":{"ip":"1.2.3.4","method":"GET","path":"/","user_agent":"x"}}`,
		" {\t\"token\" :\r\n\"\" , \"scopes\" : [ ] , \"peek\" : false } ", `{}`, `{"token":"a","token":"b"}`, `{"token":"a"}x`, `{"Token":"a"}`,
		`{"token":"\u0061"}`, "{\"token\":\"\x7f\xff\"}", `{"scopes":["a",]}`, `{"client":{}}`, `{"client":{"ip":"a","ip":"b"}}`, `{"peek":truefalse}`,
		`{"cost":1}`, `{"token":null}`, `{"scopes":[null]}`, `{"token":"a",}`, `[]`, `{"peek":true}{}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var fast, slow api.VerifyRequest
		if !quick.Verify(body, &fast, &api.Client{}) {
			return
		}
		if err := json.Unmarshal(body, &slow, json.RejectUnknownMembers(true)); err != nil {
			t.Fatalf("%q is read by the scanner, and refused: %v", body, err)
		}
		if diff := cmp.Diff(slow, fast, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q: %s", body, diff)
		}
	})
}

// The requests of every day are read by the scanner: a change that sends them
// to the library would go unnoticed, but for its cost.
func TestEverydayRequestsAreScanned(t *testing.T) {
	t.Parallel()
	for _, in := range []api.VerifyRequest{
		{Token: "tkyp_x"}, {Token: "tkyp_x", Scopes: []string{"a:b"}, Resource: "any", Workspace: "ext:c-1", Peek: true},
		{Token: "tkyp_x", Client: &api.Client{IP: "2001:db8::1", Method: "GET", Path: "/v1/x?y=z", UserAgent: "curl/8 (x; y)"}},
	} {
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out api.VerifyRequest
		if !quick.Verify(body, &out, &api.Client{}) {
			t.Errorf("%s is not scanned", body)
		}
		if diff := cmp.Diff(in, out, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
}

// What the library refuses, or reads in a way of its own, is left to it: names that are
// unknown, twice there or in another case, escapes, what is no ASCII, null, and numbers.
func TestWhatIsNotPlainIsLeftToTheLibrary(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, `[]`, `null`, `{`, `{"token"`, `{"token":`, `{"token":"a"`, `{"token":"a}`, `{"token":"a",}`, `{"token":"a"}{}`, `{"token":"a"} x`, `{"token":null}`, `{"token":7}`,
		`{"Token":"a"}`, `{"other":"a"}`, `{"token":"a","token":"b"}`, `{"token":"\u0061"}`, `{"token":"ü"}`, "{\"token\":\"\x7f\"}", "{\"token\":\"\n\"}", "{\"token\"\x00:\"a\"}",
		`{"scopes":null}`, `{"scopes":"a"}`, `{"scopes":["a",]}`, `{"scopes":["a"`, `{"scopes":[7]}`, `{"peek":1}`, `{"peek":"true"}`, `{"peek":tru}`, `{"peek":}`, `{"workspace":""}`,
		`{"client":null}`, `{"client":[]}`, `{"client":{"ip":"a","ip":"b"}}`, `{"client":{"port":"1"}}`, `{"client":{}`, `{"client":{},"client":{}}`, `{"scopes":[],"scopes":[]}`,
	} {
		var in api.VerifyRequest
		if quick.Verify([]byte(body), &in, &api.Client{}) {
			t.Errorf("%q is read as %+v", body, in)
		}
	}
}

// A request borrows the memory of the one before it, and nothing else of it.
func TestNothingIsLeftOfTheRequestBefore(t *testing.T) {
	t.Parallel()
	in, client := api.VerifyRequest{Scopes: make([]string, 0, 4)}, api.Client{}
	if !quick.Verify([]byte(`{"token":"a","scopes":["x","y"],"client":{"ip":"192.0.2.1"}}`), &in, &client) || in.Client != &client || client.IP != "192.0.2.1" {
		t.Fatalf("%+v", in)
	}
	lent := in.Scopes
	in = api.VerifyRequest{Scopes: lent}
	if !quick.Verify([]byte(`{"scopes":["z"],"token":"b"}`), &in, &api.Client{}) || len(in.Scopes) != 1 || in.Scopes[0] != "z" || &in.Scopes[0] != &lent[0] || in.Client != nil {
		t.Errorf("%+v", in)
	}
}

// White space stands wherever JSON lets it, and in no text is it taken away.
func TestBlanksSayNothing(t *testing.T) {
	t.Parallel()
	var in api.VerifyRequest
	body := "\r\n { \"token\" : \" a \" ,\t\"scopes\": [ \"x\" , \"y\" ] , \"peek\" : true , \"client\" : { \"path\" : \"/a b\" } } \n"
	if !quick.Verify([]byte(body), &in, &api.Client{}) || in.Token != " a " || len(in.Scopes) != 2 || !in.Peek || in.Client.Path != "/a b" {
		t.Errorf("%+v", in)
	}
	for _, body := range []string{" {\t} ", `{"peek":true}`} {
		if quick.Verify([]byte(body), &in, &api.Client{}) {
			t.Errorf("%s asks about no token, which is told elsewhere", body)
		}
	}
}
