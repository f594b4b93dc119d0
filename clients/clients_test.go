// Package clients_test holds the clients in TypeScript and Python against the document of
// the API and against a server.
package clients_test

import (
	"flag"
	"os"
	"os/exec"
	"testing"

	"github.com/tokenry/tokenry/client/clienttest"
)

var update = flag.Bool("update", false, "write what is generated of the clients")

// TestTheTypesOfTheClientsAreTheDocuments: what the document says of an object or a call
// stands in both, under the same name. With -update it is written.
func TestTheTypesOfTheClientsAreTheDocuments(t *testing.T) {
	t.Parallel()
	files, err := generate(read(t, "../api/openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if *update {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if string(read(t, name)) != text {
			t.Errorf("%s is not what the document says: go test ./clients -update", name)
		}
	}
}

func TestTheTypeScriptClientAgainstAServer(t *testing.T) {
	t.Parallel()
	run(t, "typescript", office(t), "node", "--test", "test/")
}

func TestThePythonClientAgainstAServer(t *testing.T) {
	t.Parallel()
	run(t, "python", office(t), "python3", "-m", "unittest", "discover", "-s", "tests")
}

// office is a server of the test's own, as the environment says it.
func office(t *testing.T) []string {
	t.Helper()
	s := clienttest.New(t)
	return append(os.Environ(), "TOKENRY_SERVER="+s.URL, "TOKENRY_TOKEN="+s.Token, "PYTHONDONTWRITEBYTECODE=1")
}

func run(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
