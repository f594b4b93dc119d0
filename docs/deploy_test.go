package docs_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// documents are the YAML documents of a file.
func documents(t *testing.T, path string) (all []any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var one any
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, one)
	}
}

// at follows keys and indexes into a document.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// TestWhatIsDeployedNamesSettingsThatExist: an unknown variable would be ignored, and
// nobody would see it.
func TestWhatIsDeployedNamesSettingsThatExist(t *testing.T) {
	t.Parallel()
	reference, err := os.ReadFile("reference/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range []string{"Dockerfile", "compose.yaml", "kubernetes.yaml"} {
		text, err := os.ReadFile(filepath.Join("../deploy", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, setting := range regexp.MustCompile(`TOKENRY_[A-Z_]+`).FindAllString(string(text), -1) {
			found++
			if setting != "TOKENRY_OWNER" && !bytes.Contains(reference, []byte("`"+setting+"`")) {
				t.Errorf("deploy/%s sets %s, which is no setting", name, setting)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d settings were found: is this looking at the right files?", found)
	}
}

// TestThreeNodesAreDeployed: each with the one keyring, nobody as root, asked whether it
// is ready, and with time to end.
func TestThreeNodesAreDeployed(t *testing.T) {
	t.Parallel()
	all := documents(t, "../deploy/kubernetes.yaml")
	spec := at(all[0], "spec")
	container := at(spec, "template", "spec", "containers", 0)
	for what, c := range map[string]struct{ is, want any }{
		"replicas":     {at(spec, "replicas"), 3},
		"as root":      {at(spec, "template", "spec", "securityContext", "runAsNonRoot"), true},
		"written root": {at(container, "securityContext", "readOnlyRootFilesystem"), true},
		"liveness":     {at(container, "livenessProbe", "httpGet", "path"), "/healthz"},
		"readiness":    {at(container, "readinessProbe", "httpGet", "path"), "/readyz"},
		"keyring":      {at(spec, "template", "spec", "volumes", 0, "secret", "defaultMode"), 0o440},
		"end":          {at(spec, "template", "spec", "terminationGracePeriodSeconds"), 40},
	} {
		if c.is != c.want {
			t.Errorf("kubernetes.yaml, %s: %v, want %v", what, c.is, c.want)
		}
	}
	compose := documents(t, "../deploy/compose.yaml")[0]
	for _, node := range []string{"node1", "node2", "node3"} {
		if at(compose, "services", node, "volumes", 0) != "keys:/keys" || at(compose, "services", node, "read_only") != true {
			t.Errorf("compose.yaml: %s is no node: %v", node, at(compose, "services", node))
		}
	}
}

// TestTheFrontTakesItsConfiguration: the program itself says so, where it is.
func TestTheFrontTakesItsConfiguration(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		if program = "/usr/sbin/haproxy"; !exists(program) {
			if os.Getenv("TOKENRY_TEST_REQUIRE") != "" {
				t.Fatal("haproxy is not installed")
			}
			t.Skip("haproxy is not installed")
		}
	}
	text, err := os.ReadFile("../deploy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "-c", "-f", file).CombinedOutput()
	if err != nil || strings.Contains(string(out), "[WARNING]") {
		t.Errorf("haproxy -c: %v\n%s", err, out)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
