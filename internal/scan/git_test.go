package scan_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/scan"
)

const (
	hashA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	hashB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func TestGitLogs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x ", 400)
	for name, tt := range map[string]struct {
		log  []string
		want []seen
	}{
		"a commit": {
			[]string{"commit " + hashA, "Author: A <a@b>", "", "    about " + service, "    ", "    and " + personal, "", "diff --git a/f b/f", "--- a/f", "+++ b/f",
				"@@ -1,2 +3,2 @@ func", "-old " + service, "-old", "+ü " + personal, "+last", "\\ No newline at end of file"},
			[]seen{{"", 1, 7, hashA, service}, {"", 3, 5, hashA, personal}, {"f", 3, 3, hashA, personal}},
		},
		// Weakness: what a file contains looks like the log around it. Attack: a file
		// that names another file, another commit and an end of its own.
		"a file that imitates a log": {
			[]string{"commit " + hashA, "diff --git a/f b/f", "--- a/f", "+++ b/f", "@@ -1,2 +1,5 @@", "--- a/other", "-commit " + hashB,
				"+++ b/other", "+commit " + hashB, "+@@ -0,0 +0,0 @@", "+diff", "+" + personal, "commit " + hashB, "", "    " + service},
			[]seen{{"f", 5, 1, hashA, personal}, {"", 1, 1, hashB, service}},
		},
		"context, and blanks that were cut": {
			[]string{"commit " + hashA, "+++ b/f", "@@ -1,3 +1,4 @@", " " + service, "", "+" + personal, " end"},
			[]seen{{"f", 3, 1, hashA, personal}},
		},
		"a merge": {
			[]string{"commit " + hashA, "Merge: b c", "diff --cc f", "--- a/f", "+++ b/f", "@@@ -1,3 -1,3 +1,4 @@@", "- gone " + service, " -gone " + service,
				"+ theirs " + service, " +ours " + service, "  both", "++" + personal},
			[]seen{{"f", 4, 1, hashA, personal}},
		},
		"names": {
			[]string{"commit " + hashA, `+++ "b/a\303\244\n\033[31m"`, "@@ -0,0 +1 @@", "+" + personal, "+++ b/with blank\t", "@@ -0,0 +1 @@", "+" + personal,
				"+++ b/" + service, "@@ -0,0 +1 @@", "+x", "+++ /dev/null", "@@ -1 +0,0 @@", "-" + personal},
			[]seen{{"aä\n\x1b[31m", 1, 1, hashA, personal}, {"with blank", 1, 1, hashA, personal}, {"tkys_00000…", 0, 0, hashA, service}},
		},
		"long lines": {
			[]string{"commit " + hashA, "    " + long + personal, "+++ b/min.js", "@@ -1 +1,2 @@", "-" + long + service, "+" + long + personal + " " + long + service, "+" + service, "commit " + hashB, "    " + personal},
			[]seen{{"", 1, 801, hashA, personal}, {"min.js", 1, 801, hashA, personal}, {"min.js", 1, 1657, hashA, service}, {"min.js", 2, 1, hashA, service}, {"", 1, 1, hashB, personal}},
		},
		"no log at all":        {[]string{personal, "+" + personal, "@@ -1 +1 @@", "+" + personal}, nil},
		"numbers out of range": {[]string{"commit " + hashA, "+++ b/f", "@@ -1,99999999999999999999 +1 @@", "+" + personal, "@@ +", "+" + personal}, []seen{{"f", 1, 1, hashA, personal}}},
		"left out":             {[]string{"commit " + hashA, "+++ b/vendor/x/f", "@@ -0,0 +1 @@", "+" + personal, "+++ b/f", "@@ -0,0 +1 @@", "+" + personal}, []seen{{"f", 1, 1, hashA, personal}}},
		"it breaks off":        {[]string{"commit " + hashA, "+++ b/f", "@@ -0,0 +1,9 @@", "+" + personal}, []seen{{"f", 1, 1, hashA, personal}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got see
			s := scan.Scanner{Buffer: 256, Exclude: []string{"vendor"}}
			if _, err := s.GitLog(t.Context(), strings.NewReader(strings.Join(tt.log, "\n")), got.add); err != nil {
				t.Fatal(err)
			}
			equal(t, name, got.finds, tt.want)
		})
	}
}

func FuzzGitLog(f *testing.F) {
	f.Add("commit " + hashA + "\n+++ b/f\n@@ -0,0 +1,2 @@\n+" + personal + "\n")
	f.Fuzz(func(t *testing.T, log string) {
		s := scan.Scanner{Buffer: 256}
		_, err := s.GitLog(t.Context(), strings.NewReader(log), func(f scan.Find) {
			if strings.Contains(f.Path, f.Secret.Reveal()) || !strings.Contains(log, f.Secret.Reveal()) {
				t.Errorf("%+v", f)
			}
		})
		if err != nil && !strings.Contains(err.Error(), "cannot be read") {
			t.Error(err)
		}
	})
}

// repository runs git in a new repository.
func repository(t *testing.T) (dir string, git func(...string) string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir = t.TempDir()
	git = func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgSign=false"}, args...)...)
		cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q", "-b", "main")
	return dir, git
}

func TestHistory(t *testing.T) {
	t.Parallel()
	dir, git := repository(t)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(message string) string {
		git("add", "-A")
		git("commit", "-q", "--allow-empty", "-m", message)
		return git("rev-parse", "HEAD")
	}
	write("a\tb", "1\n2\n"+personal+"\n")
	first := commit("leak")
	write("a\tb", "1\n2\n")
	commit("take it out")
	git("checkout", "-q", "-b", "side")
	write("side", "x\n"+service+"\n")
	side := commit("on a branch that main never sees")
	git("checkout", "-q", "main")
	last := commit("say " + workspace)
	git("stash", "list")

	var got see
	stats, err := new(scan.Scanner).History(t.Context(), dir, got.add)
	if err != nil || stats.Commits != 4 {
		t.Fatalf("%+v, %v", stats, err)
	}
	byCommit := map[string]seen{}
	for _, f := range got.finds {
		byCommit[f.commit] = f
	}
	want := map[string]seen{
		first: {"a\tb", 3, 1, first, personal}, side: {"side", 2, 1, side, service}, last: {"", 1, 5, last, workspace},
	}
	if len(got.finds) != len(want) {
		t.Errorf("%d finds", len(got.finds))
	}
	for hash, f := range want {
		equal(t, hash, []seen{byCommit[hash]}, []seen{f})
	}
	if _, err := new(scan.Scanner).History(t.Context(), t.TempDir(), got.add); err == nil || !strings.Contains(err.Error(), "git") {
		t.Errorf("no repository: %v", err)
	}
}

// TestNothingInARepositoryHidesAToken: not what its own files say of files, nor that it
// stands beside the branches.
func TestNothingInARepositoryHidesAToken(t *testing.T) {
	t.Parallel()
	dir, git := repository(t)
	write := func(name, text string) {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	at := func(ref string) string { return git("rev-parse", ref) }
	write(".gitattributes", "hidden -diff\nmarked binary\n")
	write("hidden", personal+"\n")
	write("marked", personal+"\n")
	write("image", "\x00\x01\n"+personal+"\n")
	write("secret.yaml", "data:\n  token: "+base64.StdEncoding.EncodeToString([]byte(personal))+"\n")
	git("add", "-A")
	git("commit", "-q", "-m", "x")
	first := at("HEAD")
	git("tag", "-a", "v1", "-m", "says\n"+personal)
	git("tag", "of-"+service)
	git("notes", "add", "-m", personal)
	write("secret.yaml", "older: "+personal+"\n")
	git("stash", "-q")
	older := at("stash@{0}")
	write("secret.yaml", "newer: "+personal+"\n")
	git("stash", "-q")
	newer := at("stash@{0}")
	write("undone", personal+"\n")
	git("add", "-A")
	git("commit", "-q", "-m", "y")
	undone := at("HEAD")
	git("reset", "-q", "--hard", first)

	var got see
	if _, err := new(scan.Scanner).History(t.Context(), dir, got.add); err != nil {
		t.Fatal(err)
	}
	want := []seen{
		{"hidden", 1, 1, first, personal}, {"marked", 1, 1, first, personal}, {"image", 2, 1, first, personal}, {"secret.yaml", 2, 10, first, personal},
		{"refs/tags/v1", 2, 1, at("v1"), personal}, {"refs/tags/of-tkys_00000…", 0, 0, first, service}, {first, 1, 1, at("refs/notes/commits"), personal},
		{"secret.yaml", 1, 8, older, personal}, {"secret.yaml", 1, 8, newer, personal}, {"undone", 1, 1, undone, personal},
	}
	for _, f := range want {
		if !slices.Contains(got.finds, f) {
			t.Errorf("not found: %+v", f)
		}
	}
	if len(got.finds) != len(want) {
		t.Errorf("%d finds: %+v", len(got.finds), got.finds)
	}
}

// What is wrapped goes on in the next line that was added, and in no other.
func TestWhatWasAddedInSeveralLinesIsReadAsOne(t *testing.T) {
	t.Parallel()
	text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("{}", 20) + personal))
	log := func(between string) string {
		return "commit " + strings.Repeat("a", 40) + "\n\n    m\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,1 +1,3 @@\n+x\n+" + text[:76] + "\n" + between + "+" + text[76:] + "\n"
	}
	for between, want := range map[string][]seen{"": {{"f", 2, 54, strings.Repeat("a", 40), personal}}, "-old\n": nil} {
		var got see
		_, err := new(scan.Scanner).GitLog(t.Context(), strings.NewReader(log(between)), got.add)
		must(t, err)
		equal(t, "between "+between, got.finds, want)
	}
}

// Weakness: settings of a repository name programs that git runs, or change what
// a log looks like. Attack: a repository that brings such settings.
func TestARepositoryWithSettingsOfItsOwn(t *testing.T) {
	t.Parallel()
	dir, git := repository(t)
	ran := filepath.Join(t.TempDir(), "ran")
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte(personal+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitattributes"), []byte("* diff=evil\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("add", "-A")
	git("commit", "-q", "-m", "x")
	evil := "touch " + ran + "; true"
	for key, value := range map[string]string{
		"diff.external": evil, "diff.evil.textconv": evil, "diff.evil.command": evil, "core.pager": evil, "core.fsmonitor": evil, "gpg.program": evil, "log.showSignature": "true",
		"diff.noprefix": "true", "diff.mnemonicPrefix": "true", "color.ui": "always", "format.pretty": "oneline", "diff.colorMoved": "zebra", "log.decorate": "full", "core.quotePath": "false",
	} {
		git("config", key, value)
	}
	var got see
	if _, err := new(scan.Scanner).History(t.Context(), dir, got.add); err != nil {
		t.Fatal(err)
	}
	equal(t, "the history", got.finds, []seen{{"f", 1, 1, git("-c", "core.fsmonitor=false", "rev-parse", "HEAD"), personal}})
	if _, err := os.Stat(ran); !os.IsNotExist(err) {
		t.Errorf("something of the repository's was run: %v", err)
	}
}
