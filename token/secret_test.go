package token_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	htmltemplate "html/template"
	"log"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenry/tokenry/token"
)

var (
	_ fmt.Formatter          = token.Secret{}
	_ fmt.Stringer           = token.Secret{}
	_ fmt.GoStringer         = token.Secret{}
	_ json.Marshaler         = token.Secret{}
	_ encoding.TextMarshaler = token.Secret{}
	_ slog.LogValuer         = token.Secret{}
	_ fmt.Formatter          = token.Keyring{}
	_ fmt.GoStringer         = (*token.Keyring)(nil)
	_ json.Marshaler         = (*token.Keyring)(nil)
	_ slog.LogValuer         = (*token.Keyring)(nil)
)

// hosts are all the ways to hold v: where fmt may ask its methods, and where it
// may not and walks into it by reflection.
func hosts[T any](v T) map[string]any {
	type exported struct{ V T }
	type unexported struct{ v T }
	type tagged struct {
		V *T `json:"v" xml:"v"`
	}
	type deep struct{ a []unexported }
	return map[string]any{
		"itself":               v,
		"pointer":              &v,
		"pointer to pointer":   new(&v),
		"exported field":       exported{v},
		"pointer to exported":  &exported{v},
		"unexported field":     unexported{v},
		"pointer to unexp.":    &unexported{v},
		"pointer field":        tagged{&v},
		"slice":                []T{v},
		"slice of pointers":    []*T{&v},
		"array":                [1]T{v},
		"map":                  map[string]T{"k": v},
		"map of pointers":      map[string]*T{"k": &v},
		"slice of any":         []any{v, &v},
		"slice of unexported":  []unexported{{v}},
		"unexported all along": deep{[]unexported{{v}}},
		"map in struct":        struct{ m map[string]unexported }{map[string]unexported{"k": {v}}},
		"any in struct":        struct{ a any }{v},
		"pointer any":          struct{ a any }{&v},
		"anonymous":            struct{ a struct{ b T } }{struct{ b T }{v}},
		"function's answer":    func() T { return v }(),
	}
}

// outputs is everything that is written when somebody prints v by accident.
func outputs(v any) map[string]string {
	out := make(map[string]string)
	for _, flags := range []string{"", "+", "#", "-", " ", "0", "20", ".3", "+#", "-20.5", "# "} {
		for verb := '!'; verb <= '~'; verb++ {
			if !strings.ContainsRune("#+- 0123456789.*[%", verb) {
				format := "%" + flags + string(verb)
				out[format] = fmt.Sprintf(format, v)
			}
		}
	}
	out["Sprint"], out["Sprintln"] = fmt.Sprint(v), fmt.Sprintln(v)
	for _, wrong := range []string{"%v", "%w", "%d %d", "%[2]v", "%*d", "no verb"} {
		out["Errorf "+wrong] = fmt.Errorf(wrong, v).Error()
	}
	encoded(v, out)
	logged(v, out)
	return out
}

func encoded(v any, out map[string]string) {
	var b bytes.Buffer
	encode := func(name string, err error) {
		out[name] = fmt.Sprint(b.String(), " ", err)
		b.Reset()
	}
	encode("json", json.NewEncoder(&b).Encode(v))
	encode("xml", xml.NewEncoder(&b).Encode(v))
	encode("gob", gob.NewEncoder(&b).Encode(v))
	encode("template", template.Must(template.New("").Parse("{{.}} {{printf \"%v %s\" . .}}")).Execute(&b, v))
	encode("html", htmltemplate.Must(htmltemplate.New("").Parse("<a b={{.}} onclick='f({{.}})'>{{.}}</a>")).Execute(&b, v))
}

func logged(v any, out map[string]string) {
	var b bytes.Buffer
	for name, h := range map[string]slog.Handler{"slog text": slog.NewTextHandler(&b, nil), "slog json": slog.NewJSONHandler(&b, nil)} {
		slog.New(h).With("with", v).WithGroup("g").Info("m", "k", v, slog.Group("g", "k", v), "args", []any{v})
		out[name] = b.String()
		b.Reset()
	}
	log.New(&b, "", 0).Println(v)
	out["log"] = b.String()
}

// hides fails the test at the first output that holds a piece of a secret.
func hides(t *testing.T, name string, v any, pieces ...string) {
	t.Helper()
	for how, text := range outputs(v) {
		for _, piece := range pieces {
			if strings.Contains(strings.ToLower(text), strings.ToLower(piece)) {
				t.Fatalf("%s by %s shows %q: %s", name, how, piece, text)
			}
		}
	}
}

// forms are the shapes in which s could come out: as text, in hexadecimal, in
// decimal bytes.
func forms(s string) []string {
	decimal, source := fmt.Sprint([]byte(s)), fmt.Sprintf("%#v", []byte(s))
	return []string{
		s, fmt.Sprintf("%x", s), fmt.Sprintf("% x", s),
		strings.Trim(decimal, "[]"), strings.Trim(strings.TrimPrefix(source, "[]byte"), "{}"),
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	s := mint(t, fixed("printed"), "tky", token.Personal)
	for name, host := range hosts(token.NewSecret(s)) {
		// Any eight characters in a row would be too many.
		hides(t, name, host, append(forms(s[20:28]), forms(s[len(s)-8:])...)...)
	}
}

func TestASecretPrintsAsRedacted(t *testing.T) {
	t.Parallel()
	for _, s := range []token.Secret{token.NewSecret(mint(t, fixed("r"), "tky", token.Service)), {}} {
		for how, got := range map[string]string{
			"%v": fmt.Sprintf("%v", s), "%+v": fmt.Sprintf("%+v", s), "%#v": fmt.Sprintf("%#v", s), "%s": fmt.Sprintf("%s", s),
			"%q": fmt.Sprintf("%q", s), "%x": fmt.Sprintf("%x", s), "%X": fmt.Sprintf("%X", s), "%d": fmt.Sprintf("%d", s),
			"pointer": fmt.Sprint(&s), "String": s.String(), "GoString": s.GoString(), "LogValue": s.LogValue().String(),
		} {
			if got != "[redacted]" {
				t.Errorf("%s gives %q", how, got)
			}
		}
		if b, err := json.Marshal(map[string]any{"secret": s, "pointer": &s}); err != nil || string(b) != `{"pointer":"[redacted]","secret":"[redacted]"}` {
			t.Errorf("JSON gives %s, %v", b, err)
		}
		if b, err := s.MarshalText(); err != nil || string(b) != "[redacted]" {
			t.Errorf("text gives %s, %v", b, err)
		}
	}
}

// The tests of redaction would see the fault that they are there for: a string
// in an unexported field, with the same methods, is printed.
func TestTheRedactionTestSeesANaiveSecret(t *testing.T) {
	t.Parallel()
	type holder struct{ s naive }
	if !strings.Contains(fmt.Sprintf("%+v", holder{naive{"hunter2"}}), "hunter2") {
		t.Error("a naive secret is safe in an unexported field")
	}
	if !strings.Contains(fmt.Sprintf("%"+"p", naive{"hunter2"}), "hunter2") {
		t.Error("a naive secret is safe under a bad verb")
	}
}

type naive struct{ s string }

func (naive) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

func TestRevealIsTheOnlyWayOut(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"x", "not a token", "tkyp_", samples(t)[0]} {
		if got := token.NewSecret(s); got.Reveal() != s || got.IsZero() {
			t.Errorf("Reveal = %q, want %q", got.Reveal(), s)
		}
	}
	for _, zero := range []token.Secret{{}, token.NewSecret("")} {
		if zero.Reveal() != "" || !zero.IsZero() || zero.Mask() != "[redacted]" {
			t.Errorf("the zero secret reveals %q", zero.Reveal())
		}
	}
}

func TestSecretsAreEqualByWhatTheyHold(t *testing.T) {
	t.Parallel()
	a, b := token.NewSecret("a"), token.NewSecret("b")
	for _, tt := range []struct {
		x, y token.Secret
		want bool
	}{
		{a, a, true}, {a, token.NewSecret("a"), true}, {token.Secret{}, token.NewSecret(""), true},
		{a, b, false}, {a, token.Secret{}, false}, {a, token.NewSecret("aa"), false},
	} {
		if got := tt.x.Equal(tt.y); got != tt.want || cmp.Equal(tt.x, tt.y) != tt.want {
			t.Errorf("Equal(%q, %q) = %v", tt.x.Reveal(), tt.y.Reveal(), got)
		}
	}
	if diff := cmp.Diff(struct{ S token.Secret }{token.NewSecret("hunter1")}, struct{ S token.Secret }{token.NewSecret("hunter2")}); diff == "" || strings.Contains(diff, "hunter") {
		t.Errorf("the difference of two secrets reads %s", diff)
	}
}

// A mask is made of public parts: tokens that differ in the secret share it.
func TestAMaskShowsNoSecret(t *testing.T) {
	t.Parallel()
	one, err := token.Mint(fixed("one"), "tky", token.Personal, someLocator)
	if err != nil {
		t.Fatal(err)
	}
	two, err := token.Mint(fixed("two"), "tky", token.Personal, someLocator)
	if err != nil {
		t.Fatal(err)
	}
	if one.Equal(two) || one.Mask() != two.Mask() || one.Mask() != "tkyp_7hQ2a…" {
		t.Errorf("masks %q and %q", one.Mask(), two.Mask())
	}
}
