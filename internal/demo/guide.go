package demo

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Guide is what a person is told about a demo.
type Guide struct {
	// URL is the address of the server.
	URL string
	// Token is Olivia's, who may do everything; Checked is a token to ask about. Both
	// are secrets of the demo alone.
	Token, Checked string
	// Folder is where the program lies, if a shell does not find it by its name.
	Folder string
}

// String is the whole text: who there is, and lines to paste into a shell, each of
// which works as it stands. It holds both tokens.
func (g Guide) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, `
Tokenry demo, at %[1]s

Workspaces acme and globex, with tokens of every kind in every state.

Sign in at %[1]s

  password: %[2]s

  e-mail, one of:
  %[3]s     Owner of acme, administrator of the instance
`, g.URL, Password, Email)
	for _, p := range samplePeople() {
		fmt.Fprintf(&b, "  %-22s  %s of %s\n", p.email, p.role, p.workspace)
	}
	path := ""
	if g.Folder != "" {
		path = fmt.Sprintf("  export PATH=\"%s:$PATH\"\n", g.Folder)
	}
	fmt.Fprintf(&b, `
Olivia's token, which may do everything:

  %[2]s

try: who am I?

  curl -s -H 'Authorization: Bearer %[2]s' %[1]s/v1/whoami

try: may this token write tickets of the payments system?

  curl -s -H 'Authorization: Bearer %[2]s' -H 'Content-Type: application/json' -d '{"token":"%[3]s","scopes":["tickets:write"],"resource":"payments"}' %[1]s/v1/verify

try: a new token

  curl -s -H 'Authorization: Bearer %[2]s' -H 'Content-Type: application/json' -d '{"label":"My first token","scopes":["tickets:read"],"resources":["payments"],"expires_in":"30d"}' %[1]s/v1/workspaces/acme/tokens

try: the same from the command line

%[4]s  export TOKENRY_SERVER=%[1]s TOKENRY_TOKEN=%[2]s
  tokenry token list
  tokenry token create --label "From the command line" --scope tickets:read --resource payments
  tokenry audit list

try: read about every call at %[1]s/docs

`, g.URL, g.Token, g.Checked, path)
	return b.String()
}

// Away is the folder of the program that runs, if a shell does not find it by its name.
func Away() string {
	self, err := os.Executable()
	if err != nil || filepath.Base(self) != "tokenry" {
		return ""
	}
	if found, err := exec.LookPath("tokenry"); err == nil {
		one, err := os.Stat(found)
		other, fault := os.Stat(self)
		if err == nil && fault == nil && os.SameFile(one, other) {
			return ""
		}
	}
	return filepath.Dir(self)
}
