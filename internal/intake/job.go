package intake

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/exports"
	"github.com/tokenry/tokenry/internal/terminal"
)

// Job is an import as flags say it.
type Job struct {
	from, format, name, prefix, keyFile string
	owner, owners, kind, role           string
	scopes, resources                   []string
	life                                life
	dryRun, yes, print                  bool
}

// Flags adds them to a command.
func (j *Job) Flags(fs *pflag.FlagSet) {
	fs.StringVar(&j.from, "from", "", "system that the file is of: "+strings.Join(exports.Names(), ", ")+"; left out, a file of Tokenry's own")
	fs.StringVar(&j.format, "format", "", "file that says as JSON what the strings of a file of your own look like")
	fs.StringVar(&j.name, "name", "", "name of the format here; left out, the system's")
	fs.StringVar(&j.prefix, "prefix", "", "what all strings begin with, where the system lets everybody choose")
	fs.StringVar(&j.keyFile, "key-file", "", "file with the secret that the system hashes along (GitLab's db_key_base, Strapi's API_TOKEN_SALT, the key of an HMAC)")
	fs.StringVar(&j.owner, "owner", "", "whose all tokens become: e-mail or id of a member, or name of a service account")
	fs.StringVar(&j.owners, "owners", "", "CSV file with id,owner: whose the tokens of each user become; --owner is for all others")
	fs.StringVar(&j.kind, "kind", "", "personal, service or workspace; left out it follows from the owner")
	fs.StringVar(&j.role, "role", "", "role of every token, such as \"Team Member\"")
	fs.StringSliceVar(&j.scopes, "scope", nil, "scope of every token; may be repeated")
	fs.StringSliceVar(&j.resources, "resource", nil, "resource that these are for, prefix* or *; may be repeated")
	fs.Var(&j.life, "expires-in", "lifetime from now of tokens that have no end there, or never; left out, the policy's")
	fs.BoolVar(&j.dryRun, "dry-run", false, "only say what would become of each token")
	fs.BoolVar(&j.yes, "yes", false, "import them; without, as with --dry-run")
	fs.BoolVar(&j.print, "print", false, "print the tokens as lines of JSON, and send nothing")
}

// Help is what the command says of itself.
const Help = `Bring tokens of another system over: what it kept of each string becomes a token
here, so that whoever holds the string changes nothing. FILE is an export of that
system's table (CSV, what mysql --batch prints, or JSON; - is standard input), or
with --format and without --from a table or lines of JSON of your own.

Without --yes, only what would become of each token is said. What was revoked,
disabled or has expired there is left out. It may be broken off and run again: what
is there already is left as it is. The exit code is 1 when a token was refused. It
needs instance:admin.

Tokens get the rights of --role, --scope and --resource, or else may do everything
their owner may. docs/import.md says how each system is exported.`

// Systems are those that --from takes.
func Systems() []string { return exports.Names() }

// life is a flag that takes a duration or never.
type life struct {
	api.Duration
	never bool
}

// Set reads it.
func (l *life) Set(s string) (err error) {
	if l.never = s == "never"; !l.never {
		l.Duration, err = api.ParseDuration(s)
	}
	return err
}

// String is empty before Set, so that help shows no default.
func (l *life) String() string {
	switch {
	case l.never:
		return "never"
	case l.Duration == 0:
		return ""
	}
	return l.Duration.String()
}

// Type names the value in help.
func (l *life) Type() string { return "duration" }

// What flags name is small, but for the list of owners.
const (
	maxFile   = 64 << 10
	maxOwners = 128 << 20
)

// wish reads what the flags say and name.
func (j *Job) wish(now time.Time) (w exports.Wish, err error) {
	w = exports.Wish{Name: j.name, Prefix: j.prefix, Owner: j.owner, Kind: j.kind, Life: j.life.Duration, Never: j.life.never, Now: now}
	if j.from != "" {
		s, ok := exports.Find(j.from)
		if !ok {
			return w, terminal.Misused("--from takes %s", strings.Join(exports.Names(), ", "))
		}
		w.System = &s
	}
	switch {
	case j.dryRun && j.yes:
		return w, terminal.Misused("give --dry-run or --yes, not both")
	case j.from != "" && j.format != "":
		return w, terminal.Misused("give --from for the system that the file is of, or --format for a file of your own")
	}
	if j.format != "" {
		text, err := small(j.format)
		if err != nil {
			return w, err
		}
		if w.Format, err = exports.ParseFormat(text); err != nil {
			return w, err
		}
	}
	if j.keyFile != "" {
		text, err := small(j.keyFile)
		if err != nil {
			return w, err
		}
		if w.Secret = strings.TrimRight(string(text), "\r\n"); w.Secret == "" {
			return w, errors.New("the file of --key-file is empty")
		}
	}
	if j.owners != "" {
		if w.Owners, err = readOwners(j.owners); err != nil {
			return w, err
		}
	}
	w.Rights = j.rights()
	return w, nil
}

func (j *Job) rights() (r api.Rights) {
	if j.role != "" {
		r.Role = api.Some(j.role)
	}
	if len(j.scopes) > 0 {
		r.Scopes = api.Some(j.scopes)
	}
	if len(j.resources) > 0 {
		r.Resources = api.Some(j.resources)
	}
	return r
}

// small reads a file that a flag names.
func small(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s has more than 64 KiB", path)
	}
	return text, err
}

func readOwners(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return exports.Owners(io.LimitReader(f, maxOwners))
}
