package scan_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/scan"
	"github.com/tokenry/tokenry/token"
)

// found are the finds in a text, as a folder with this one file would have them.
func found(t testing.TB, path, text string) []scan.Shown {
	t.Helper()
	var out []scan.Shown
	s := scan.Scanner{}
	if _, err := s.Reader(t.Context(), strings.NewReader(text), path, func(f scan.Find) { out = append(out, f.Shown()) }); err != nil {
		t.Fatal(err)
	}
	return out
}

// document is a report as a program reads it.
type document struct {
	Schema  string `json:"$schema"`
	Version string
	Runs    []struct {
		ColumnKind string
		Tool       struct {
			Driver struct {
				Name, Version, InformationURI string
				Rules                         []struct{ ID, Name string }
			}
		}
		Results []struct {
			RuleID              string
			RuleIndex           int
			Level               string
			Message             struct{ Text string }
			PartialFingerprints map[string]string
			Properties          map[string]string
			Locations           []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           *struct{ StartLine, StartColumn int }
				}
			}
		}
	}
}

func report(t testing.TB, finds ...scan.Shown) (d document, text string) {
	t.Helper()
	b, err := json.Marshal(scan.SARIF("1.2.3", finds))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Runs) != 1 {
		t.Fatalf("%d runs", len(d.Runs))
	}
	return d, string(b)
}

// What SARIF 2.1.0 requires, and what the places that read it ask for besides.
func TestAReportIsSARIF(t *testing.T) {
	t.Parallel()
	d, text := report(t, found(t, "a/b.env", "x\nü KEY="+personal+"\n")...)
	run := d.Runs[0]
	if d.Version != "2.1.0" || !strings.Contains(d.Schema, "sarif-2.1.0") || run.ColumnKind != "unicodeCodePoints" {
		t.Errorf("%+v", d)
	}
	driver := run.Tool.Driver
	if driver.Name != "tokenry" || driver.Version != "1.2.3" || len(driver.Rules) != 1 || !strings.HasPrefix(driver.InformationURI, "https://") {
		t.Errorf("%+v", driver)
	}
	if len(run.Results) != 1 {
		t.Fatalf("%d results", len(run.Results))
	}
	one := run.Results[0]
	place := one.Locations[0].PhysicalLocation
	if one.RuleID != driver.Rules[one.RuleIndex].ID || one.Level != "error" || place.ArtifactLocation.URI != "a/b.env" {
		t.Errorf("%+v", one)
	}
	if place.Region == nil || place.Region.StartLine != 2 || place.Region.StartColumn != 7 {
		t.Errorf("it stands at %+v", place.Region)
	}
	if strings.Contains(text, personal) || strings.Contains(text, personal[20:40]) {
		t.Error("the report holds the secret")
	}
}

// No finds are an empty list: null would mean that the scan was not done.
func TestAReportOfNothingIsAnEmptyOne(t *testing.T) {
	t.Parallel()
	if _, text := report(t); !strings.Contains(text, `"results":[]`) {
		t.Error(text)
	}
}

// An alert that was looked at stays the same one when its line moves or its file is
// renamed, and is another for another token.
func TestTheSameTokenIsTheSameAlert(t *testing.T) {
	t.Parallel()
	finds := slices.Concat(found(t, "a", personal), found(t, "b/c", "\n\n  "+personal), found(t, "a", service))
	d, _ := report(t, finds...)
	var prints []string
	for _, r := range d.Runs[0].Results {
		for _, v := range r.PartialFingerprints {
			prints = append(prints, v)
		}
	}
	if len(prints) != 3 || prints[0] != prints[1] || prints[0] == prints[2] {
		t.Errorf("fingerprints %q", prints)
	}
}

// What is part of a name, or of a commit's message, has no line of a file.
func TestFindsWithoutALine(t *testing.T) {
	t.Parallel()
	d, text := report(t, scan.Shown{Path: "x", Masked: "m", Locator: "l"}, scan.Shown{Masked: "m", Line: 3, Column: 1, Commit: "0123abc", Locator: "l", State: "revoked"}, scan.Shown{Path: "-", Line: 1, Column: 1})
	results := d.Runs[0].Results
	if at := results[0].Locations; len(at) != 1 || at[0].PhysicalLocation.Region != nil || results[0].Properties != nil {
		t.Errorf("in a name: %+v", results[0])
	}
	if len(results[1].Locations) != 0 || !strings.Contains(text, `"locations":[]`) {
		t.Errorf("in a message: %+v", results[1])
	}
	if d := cmp.Diff(map[string]string{"commit": "0123abc", "state": "revoked"}, results[1].Properties); d != "" {
		t.Error(d)
	}
	if uri := results[2].Locations[0].PhysicalLocation.ArtifactLocation.URI; uri != "stdin" {
		t.Errorf("standard input is %s", uri)
	}
}

// Whatever a file is called, its name is one relative reference that leads back to
// it: neither another host nor another scheme.
func TestAnyNameIsAReferenceToItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.OneOf(rapid.StringMatching(`[a-z:%#?&;@ /.\\-]{1,12}`), rapid.StringN(1, 12, -1)).Draw(rt, "name")
		if name == "-" || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
			return
		}
		d, _ := report(t, scan.Shown{Path: name})
		u, err := url.Parse(d.Runs[0].Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI)
		if err != nil || u.Scheme != "" || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
			rt.Fatalf("%q is %+v, %v", name, u, err)
		}
		if strings.HasPrefix(name, "//") { // which is one, to a file system
			name = "/" + strings.TrimLeft(name, "/")
		}
		if back := strings.TrimPrefix(u.Path, "./"); back != name && u.Path != name {
			rt.Fatalf("%q leads to %q", name, u.Path)
		}
	})
}

// What is shown of a find is what may be shown, under names that programs read.
func TestWhatIsShownOfAFind(t *testing.T) {
	t.Parallel()
	finds := found(t, "f", "a "+workspace)
	b, err := json.Marshal(finds)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"path":"f","line":1,"column":3,"masked":"acmew_AAAAA…","prefix":"acme","kind":"workspace","locator":"AAAAAAAAAAAA"}]`
	if string(b) != want {
		t.Errorf("%s\nwant %s", b, want)
	}
}

// minted are tokens of all kinds with these prefixes, of one random stream.
func minted(t *testing.T, prefixes ...token.Prefix) []string {
	t.Helper()
	random := strings.NewReader(strings.Repeat("0 1f3c9a7Zk-", 40000))
	var out []string
	for _, p := range prefixes {
		for _, k := range token.Kinds() {
			for range 20 {
				l, err := token.NewLocator(random)
				if err != nil {
					t.Fatal(err)
				}
				s, err := token.Mint(random, p, k, l)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, s.Reveal())
			}
		}
	}
	return out
}

func rule(t *testing.T, prefixes ...token.Prefix) scan.Rule {
	t.Helper()
	r, err := scan.NewRule(prefixes)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A rule takes a token out of whatever stands around it, whole, and nothing that
// only begins like one.
func TestARuleTakesTokensAndNothingElse(t *testing.T) {
	t.Parallel()
	r := rule(t, "tky", "acme2")
	whole := regexp.MustCompile(r.Whole)
	if whole.NumSubexp() != 1 {
		t.Fatalf("%d groups: gitleaks reads the first", whole.NumSubexp())
	}
	for _, secret := range minted(t, "tky", "acme2") {
		for _, around := range []string{"%", "KEY=%", "\"%\"", "(%)", "https://h/?t=%&x", "a %\n", "%;", "<%>", `{"log":"\n%\n"}`, "\x1b[32m%", "key_%", "x%"} {
			m := whole.FindStringSubmatch(strings.Replace(around, "%", secret, 1))
			if m == nil || m[1] != secret {
				t.Fatalf("in %q it takes %q", around, m)
			}
		}
		if !slices.ContainsFunc(r.Keywords, func(k string) bool { return strings.HasPrefix(secret, k) }) {
			t.Errorf("no keyword of %q begins %.6s…", r.Keywords, secret)
		}
		for _, other := range []string{secret + "x", secret + "_", secret[:len(secret)-1], secret[1:], strings.Replace(secret, "_", "-", 1)} {
			if m := whole.FindString(other); m != "" {
				t.Errorf("of %.8s… in another word it takes %q", secret, m)
			}
		}
	}
	for _, secret := range minted(t, "tkz", "acme") {
		if whole.MatchString(secret) {
			t.Errorf("it takes the prefix of %.8s…", secret)
		}
	}
}

// A rule finds all that [token.Find] does, also behind an escape.
func TestARuleFindsWhatAScanFinds(t *testing.T) {
	t.Parallel()
	whole := regexp.MustCompile(rule(t, "tky").Whole)
	rapid.Check(t, func(rt *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]string{personal, service, personal[:30], "tkyp_", " ", "\n", "=", "é", "_", "x", `\n`, "%3D", "\x1b[1m"}), rapid.StringN(0, 5, -1)), 1, 8).Draw(rt, "parts")
		text := strings.Join(parts, "")
		var ruled []string
		for _, m := range whole.FindAllStringSubmatch(text, -1) {
			ruled = append(ruled, m[1])
		}
		token.Find([]byte(text), func(start, end int, p token.Parsed) bool {
			if p.Prefix == "tky" && !slices.Contains(ruled, text[start:end]) {
				rt.Fatalf("the rule takes %q of %q, and not %q", ruled, text, text[start:end])
			}
			return true
		})
	})
}

// The sample that people paste to try a rule is a token by its shape, and nobody's.
func TestTheSampleIsNobodys(t *testing.T) {
	t.Parallel()
	r := rule(t, "acme", "tky")
	p, err := token.Parse(r.Sample)
	if err != nil || p.Prefix != "acme" || p.Locator.String() != strings.Repeat("0", token.LocatorLength) {
		t.Errorf("%+v, %v", p, err)
	}
	if again := rule(t, "acme", "tky"); again.Sample != r.Sample {
		t.Error("it is another one each time")
	}
	if _, err := scan.NewRule(nil); err == nil {
		t.Error("a rule for no prefix")
	}
}

// Each format holds the expression as its reader unquotes it.
func TestEachFormatHoldsTheRule(t *testing.T) {
	t.Parallel()
	r := rule(t, "tky", "acme")
	between := func(text, from, to string) string {
		t.Helper()
		_, rest, ok := strings.Cut(text, from)
		part, _, end := strings.Cut(rest, to)
		if !ok || !end {
			t.Fatalf("no %s in\n%s", from, text)
		}
		return part
	}
	for _, name := range scan.RuleFormats() {
		write, ok := scan.RuleFormat(name)
		if !ok {
			t.Fatalf("%s is listed and not written", name)
		}
		text := write(r)
		if !strings.Contains(text, "tokenry scanner-rules --format "+name) || strings.Contains(text, "%!") || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s:\n%s", name, text)
		}
		if name != "github" {
			for _, k := range r.Keywords {
				if !strings.Contains(text, `"`+k+`"`) {
					t.Errorf("%s lacks the keyword %s", name, k)
				}
			}
		}
	}
	write := func(name string) string { f, _ := scan.RuleFormat(name); return f(r) }
	if got := between(write("gitleaks"), "regex = '''", "'''"); got != r.Whole {
		t.Errorf("gitleaks reads %s", got)
	}
	if got := strings.ReplaceAll(between(write("gitlab"), `regex = "`, "\"\n"), `\\`, `\`); got != r.Whole {
		t.Errorf("gitlab reads %s", got)
	}
	if got := strings.TrimSpace(between(write("github"), "Secret format:", "\n")); got != r.Expression {
		t.Errorf("github reads %s", got)
	}
	var hog struct {
		Detectors []struct {
			Name     string
			Keywords []string
			Regex    map[string]string
		}
	}
	if err := yaml.Unmarshal([]byte(write("trufflehog")), &hog); err != nil || len(hog.Detectors) != 1 {
		t.Fatalf("%+v, %v", hog, err)
	}
	if d := hog.Detectors[0]; d.Regex["token"] != r.Whole || !slices.Equal(d.Keywords, r.Keywords) {
		t.Errorf("trufflehog reads %+v", d)
	}
	for _, name := range []string{"", "nmap", "Gitleaks"} {
		if _, ok := scan.RuleFormat(name); ok {
			t.Errorf("%q is written", name)
		}
	}
}

// A mistake in an ignore file is told with its line; nothing is scanned as if it
// were not there, because then a known token would be reported, or a secret left.
func TestAMistakeInAnIgnoreFileIsTold(t *testing.T) {
	t.Parallel()
	for text, said := range map[string]string{
		"# well\n[\n":                      "line 2",
		"*.lock\n\nlocator:short\n":        "line 3",
		"locator:" + personal + "\n":       "line 1",
		"docs/[a-\n":                       "line 1",
		strings.Repeat("x", 70_000) + "\n": "too long",
	} {
		dir := lay(t, map[string]string{scan.IgnoreFile: text, "a": personal})
		var got see
		s := scan.Scanner{}
		_, err := s.Path(t.Context(), dir, got.add)
		if err == nil || !strings.Contains(err.Error(), said) || strings.Contains(err.Error(), personal[20:40]) || len(got.finds) > 0 {
			t.Errorf("%.20q: %d finds, %v; want %q", text, len(got.finds), err, said)
		}
	}
}

// What an ignore file says holds for names at any depth, or for paths of its folder.
func TestAnIgnoreFileLeavesOutWhatItLists(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a.lock": personal, "sub/b.lock": personal, "docs/x": personal, "sub/docs/x": personal, "keep": service, "sub/keep": personal}
	for text, want := range map[string][]string{
		"":                            {"a.lock", "docs/x", "keep", "sub/b.lock", "sub/docs/x", "sub/keep"},
		"*.lock":                      {"docs/x", "keep", "sub/docs/x", "sub/keep"},
		"/docs\n  # indented":         {"a.lock", "keep", "sub/b.lock", "sub/docs/x", "sub/keep"},
		"docs/\r\n":                   {"a.lock", "keep", "sub/b.lock", "sub/keep"},
		"docs/*":                      {"a.lock", "keep", "sub/b.lock", "sub/docs/x", "sub/keep"},
		"sub":                         {"a.lock", "docs/x", "keep"},
		"locator:0123456789AB":        {"keep"},
		"locator:000000000000\nsub\n": {"a.lock", "docs/x"},
		"?.lock":                      {"docs/x", "keep", "sub/docs/x", "sub/keep"},
		"*":                           nil,
	} {
		with := map[string]string{scan.IgnoreFile: text}
		maps.Copy(with, files)
		got, _ := scanned(t, scan.Scanner{}, lay(t, with))
		var paths []string
		for _, f := range got {
			paths = append(paths, f.path)
		}
		if d := cmp.Diff(want, paths); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	}
	one := scan.Scanner{Exclude: []string{"x"}}
	_, _ = scanned(t, one, lay(t, map[string]string{scan.IgnoreFile: "y", "a": "nothing"}))
	if !slices.Equal(one.Exclude, []string{"x"}) {
		t.Errorf("the scanner itself learnt %q", one.Exclude)
	}
}

// A pasted diff of a merge, of a rename or of a file that is gone is read as git
// writes it, and what is not a log is no error.
func TestWhatStandsInALog(t *testing.T) {
	t.Parallel()
	const commit = "commit 0123456789abcdef0123456789abcdef01234567\n"
	for name, tt := range map[string]struct {
		log  string
		want []seen
	}{
		"nothing":             {"", nil},
		"no log":              {"hello\n" + personal + "\n", nil},
		"removed alone":       {commit + "diff --git a/f b/f\n--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-" + personal + "\n", nil},
		"a message":           {commit + "Author: A\n\n    one\n    " + personal + "\n", []seen{{"", 2, 1, commit[7:47], personal}}},
		"an author":           {commit + "Author: " + personal + " <a@example.com>\n", []seen{{"", 0, 0, commit[7:47], personal}}},
		"the third line":      {commit + "diff --git a/f b/f\n+++ b/f\n@@ -1,2 +3,2 @@\n-a\n-b\n+c\n+x " + service + "\n", []seen{{"f", 4, 3, commit[7:47], service}}},
		"a name in quotes":    {commit + "diff --git a/f b/f\n+++ \"b/\\303\\274\\t\"\n@@ -0,0 +1 @@\n+" + personal + "\n", []seen{{"ü\t", 1, 1, commit[7:47], personal}}},
		"no end of line":      {commit + "diff --git a/f b/f\n+++ b/f\n@@ -0,0 +1 @@\n+" + personal + "\n\\ No newline at end of file\n", []seen{{"f", 1, 1, commit[7:47], personal}}},
		"content like a head": {commit + "diff --git a/f b/f\n+++ b/f\n@@ -0,0 +1,3 @@\n+commit fffffff\n+++ b/other\n+" + personal + "\n", []seen{{"f", 3, 1, commit[7:47], personal}}},
		"one parent has it":   {commit + "diff --cc f\n+++ b/f\n@@@ -1,1 -1,1 +1,2 @@@\n +" + personal + "\n++" + service + "\n", []seen{{"f", 2, 1, commit[7:47], service}}},
		"a long line":         {commit + "diff --git a/f b/f\n+++ b/f\n@@ -0,0 +1,2 @@\n+" + strings.Repeat("x", 5000) + " " + personal + "\n+" + service + "\n", []seen{{"f", 1, 5002, commit[7:47], personal}, {"f", 2, 1, commit[7:47], service}}},
	} {
		var got see
		s := scan.Scanner{Buffer: 256}
		stats, err := s.GitLog(t.Context(), strings.NewReader(tt.log), got.add)
		if err != nil || stats.Bytes != int64(len(tt.log)) {
			t.Errorf("%s: %+v of %d bytes, %v", name, stats, len(tt.log), err)
		}
		equal(t, name, got.finds, tt.want)
	}
	s := scan.Scanner{}
	if _, err := s.GitLog(t.Context(), strings.NewReader(commit+"+++ \"b/\\q\"\n"), func(scan.Find) {}); err == nil {
		t.Error("a name that cannot be read is passed over")
	}
	if _, err := s.History(t.Context(), t.TempDir(), func(scan.Find) {}); err == nil {
		t.Error("a folder without a repository has a history")
	}
	if _, err := s.Path(t.Context(), "/proc/self/nothing-here", func(scan.Find) {}); err == nil {
		t.Error("a file that is not there was read")
	}
}

// A path that was asked for is one file; its name is looked at as well.
func TestOneFileAlone(t *testing.T) {
	t.Parallel()
	dir := lay(t, map[string]string{personal + ".txt": "a\n" + service})
	var got see
	s := scan.Scanner{Exclude: []string{"*.txt"}} // what was asked for is not excluded
	stats, err := s.Path(t.Context(), dir+"/"+personal+".txt", got.add)
	if err != nil || stats.Files != 1 {
		t.Fatalf("%+v, %v", stats, err)
	}
	if len(got.finds) != 2 || got.finds[0].line != 0 || got.finds[1].line != 2 || bytes.Contains([]byte(got.finds[1].path), []byte(personal[20:40])) {
		t.Errorf("%+v", got.finds)
	}
}
