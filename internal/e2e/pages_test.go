package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blocks answers what the shell blocks of a page say, in their order.
func blocks(t *testing.T, file string) []string {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, b := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		out = append(out, strings.ReplaceAll(b[1], "https://tokens.example.com", server))
	}
	return out
}

// shell runs the blocks of a page as one script, in an empty folder, with the
// program on the path. What a block reads, it reads from stdin.
func shell(t *testing.T, file, stdin string, env ...string) {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(os.Getenv(inside), filepath.Join(bin, "tokenry")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euxo", "pipefail", "-c", strings.Join(blocks(t, file), "\n"))
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), append(env, "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+cmd.Dir, "TOKENRY_SERVER="+server)...)
	cmd.Stdin = strings.NewReader(stdin)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v\n%s", filepath.Base(file), err, &said)
	}
}

// TestTheGuidesCommandsRun runs what the pages under /help tell a reader to
// type, against a server with the people and automations they speak of.
func TestTheGuidesCommandsRun(t *testing.T) {
	_, root := promise(t)
	call(t, "POST", server+"/v1/workspaces/acme/members", root, map[string]any{"email": "eve@example.com", "role": "Viewer"})
	call(t, "POST", server+"/v1/workspaces/acme/service-accounts", root, map[string]any{"name": "backup", "scopes": []string{"tickets:read"}, "resources": []string{"*"}})
	pages, err := filepath.Glob("../../docs/guide/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	ran := 0
	for _, page := range pages {
		n := len(blocks(t, page))
		if ran += n; n == 0 {
			continue
		}
		secret := create(t, root, map[string]any{"scopes": []string{"*"}}).Secret
		shell(t, page, secret+"\n", "TOKENRY_TOKEN="+root, "API_TOKEN="+secret)
	}
	if ran < 8 {
		t.Errorf("only %d blocks were run", ran)
	}
}
