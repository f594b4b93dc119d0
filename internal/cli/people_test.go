package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// email is an address that no other office has.
func (o *office) email(name string) string { return name + "@" + o.slug + ".example" }

func TestAMemberComesAndGoes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.email("ada")
	o.has(o.does("member create "+ada+" --name Ada --role 'Team Member' --resource payments --external-id crm-7-"+o.slug),
		`^member +`+ada+`$`, `^name +Ada$`, `^rights +Team Member on payments$`, `^status +active$`, `^external id +crm-7-`)
	o.refuses(1, "code already_exists", "member create "+ada+" --role Viewer")
	o.has(o.does("member show ext:crm-7-"+o.slug), `^member +`+ada+`$`)
	o.has(o.does("member list"), `^MEMBER +NAME +RIGHTS +STATUS +INVITATION +SINCE$`, `^`+ada+` +Ada +Team Member on payments +active +not sent `)
	o.does("member edit " + ada + " --name 'Ada L.' --role Viewer --resource '*'")
	o.has(o.does("member show "+ada), `^name +Ada L\.$`, `^rights +Viewer on everything$`)
	o.does("member edit " + ada + " --clear external_id")
	o.lacks(o.does("member show "+ada), `^external id`)
	o.has(o.does("member deactivate "+ada), `^status +inactive$`, `^deactivated .* by `)
	o.has(o.does("member activate "+ada), `^status +active$`)
	o.does("member remove " + ada)
	o.lacks(o.does("member list"), ada)
	o.refuses(1, "code not_found", "member show "+ada)
}

// What a search does not find is an empty list, and no error.
func TestAListOfMembersIsSearched(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, name := range []string{"ada", "grace", "grant"} {
		o.does("member create " + o.email(name) + " --role Viewer --resource '*'")
	}
	for query, want := range map[string]int{"gra": 2, "ADA": 1, "nobody": 0, "@": 3} {
		if got := asked[api.List[api.Member]](o, "member list --query "+query).Items; len(got) != want {
			t.Errorf("%s finds %d, want %d", query, len(got), want)
		}
	}
	if got := o.does("member list --query nobody --json"); strings.Join(strings.Fields(got), "") != `{"items":[],"next_cursor":null}` {
		t.Errorf("nobody is %s", got)
	}
	o.has(o.does("member list --effective --query ada"), `Viewer|product:read|tickets:read`)
}

// put says the whole of a member; what it does not say is gone.
func TestAMemberIsReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.email("ada")
	o.does("member put " + ada + " --name Ada --role 'Team Member' --resource payments")
	o.does("member put " + ada + " --role Viewer --resource website")
	text := o.does("member show " + ada)
	o.has(text, `^rights +Viewer on website$`)
	o.lacks(text, "payments")
}

// Before somebody is stopped one can see what would stop with them.
func TestWhatWouldStopIsListed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.email("ada")
	o.does("member create " + ada + " --role 'Team Member' --resource payments")
	secret := strings.TrimSpace(o.does("member reset-access-token " + ada))
	if !strings.HasPrefix(secret, "tkyp_") {
		t.Fatalf("the secret is %.5s…", secret)
	}
	for _, line := range []string{"member tokens " + ada} {
		o.has(o.does(line), `^LABEL +TOKEN +ID `, ` personal +active `)
	}
	o.decided(secret, api.CodeOK)
	o.does("service-account create bot --description builds --contact " + ada + " --scope tickets:read --resource payments")
	id, key := o.token("--label x --owner bot")
	o.has(o.does("service-account tokens bot"), id)
	o.has(o.does("service-account show bot"), `^address +bot@`+o.slug+`\.service$`, `^contacts +`+ada+`$`, `^description +builds$`)
	o.has(o.does("service-account disable bot"), `^status +inactive$`, `^disabled .* by `)
	o.decided(key, api.CodeOwnerInactive)
	o.does("service-account enable bot")
	o.decided(key, api.CodeOK)
	o.does("service-account edit bot --description deploys --clear contacts")
	o.has(o.does("service-account list"), `^NAME +DESCRIPTION +RIGHTS +STATUS +SINCE$`, `^bot +deploys +tickets:read on payments +active`)
	o.lacks(o.does("service-account show bot"), `^contacts`)
	o.does("service-account delete bot")
	o.decided(key, api.CodeRevoked)
	o.refuses(1, "code not_found", "service-account show bot")
}

// Instance administrators stop somebody everywhere, and undo it.
func TestAUserIsStoppedEverywhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.email("ada")
	o.does("member create " + ada + " --name Ada --role Owner --resource '*'")
	o.does("member create " + o.email("grace") + " --role Owner --resource '*'")
	o.has(o.does("user show "+ada), `^user +`+ada+`$`, `^administrator +no$`, `^workspaces +`+o.slug+`$`)
	o.has(o.does("user list --query "+ada), `^USER +ID +NAME +STATUS +ADMINISTRATOR +WORKSPACES$`, `^`+ada+` .* active +no +`+o.slug+`$`)
	o.has(o.does("admin add "+ada), `^administrator +yes$`)
	o.has(o.does("admin list"), `^`+ada+` .* yes `)
	o.has(o.does("admin remove "+ada), `^administrator +no$`)
	o.refuses(1, "code last_instance_admin", "admin remove "+o.server.Email)
	o.refuses(1, "code still_active", "user erase "+ada)
	o.has(o.does("user deactivate "+ada), `^status +inactive$`, `^deactivated .* by `)
	o.has(o.does("user erase "+ada+" --dry-run"), `^dry run +yes$`, `^memberships +1$`)
	o.has(o.does("user show "+ada), `^user +`+ada)
	o.has(o.does("user activate "+ada), `^status +active$`)
	o.does("user deactivate " + ada)
	o.has(o.does("user erase "+ada), `^dry run +no$`)
	o.refuses(1, "code not_found", "user show "+ada)
}

// A password is no argument. It comes from a file or standard input, and its line
// end is not part of it.
func TestAPasswordIsReadAndNotTyped(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("nine llamas sing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const role = " --role Viewer --resource '*'"
	o.refuses(2, "--password takes no secret itself", "member create "+o.email("a")+role+" --password 'nine llamas sing'")
	o.does("member create " + o.email("b") + role + " --password @" + file)
	if r := o.reads("nine llamas dance\r\n", "member create "+o.email("c")+role+" --password -"); r.code != 0 {
		t.Errorf("%+v", r)
	}
	o.env["SHORT"] = "short"
	o.refuses(1, "field password", "member create "+o.email("d")+role+" --password '$SHORT'")
}

func TestALinkIsASecret(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.email("ada")
	o.does("member create " + ada + " --role Viewer --resource '*'")
	at := "http://127.0.0.1:" // the server's own address, which is another than a proxy's before it
	r := o.runs("member portal-link " + ada)
	if r.code != 0 || !strings.HasPrefix(r.out, at) || strings.Count(r.out, "\n") != 1 || strings.Contains(r.err, strings.TrimSpace(r.out)) {
		t.Errorf("%+v", r)
	}
	o.has(r.err, "works? once")
	if r := o.runs("member invite " + ada); r.code != 1 || r.out != "" { // no token makes a link to a person's account
		t.Errorf("an invitation without mail: %+v", r)
	}
	if l := asked[api.PortalLink](o, "member portal-link "+ada); !strings.HasPrefix(l.URL, at) || l.ExpiresAt.IsZero() {
		t.Errorf("%+v", l)
	}
}

// list writes a list of people to a file.
func (o *office) list(rows ...string) string {
	o.Helper()
	path := filepath.Join(o.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte("email,name,role,resources\n"+strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		o.Fatal(err)
	}
	return path
}

// A list is looked at as a whole before anybody is added.
func TestAListWithAWrongRowAddsNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	good, bad := o.email("good")+",Good,Viewer,*", "nobody,Bad,Viewer,*"
	path := o.list(good, bad)
	r := o.runs("member invite --csv " + path)
	if r.code != 1 || !strings.Contains(r.err, "so nobody was added") {
		t.Fatalf("%+v", r)
	}
	o.has(r.out, `^LINE +EMAIL +STATE +NOTE$`, `^2 +\S+ +ready`, `^3 +nobody +wrong +"nobody" is no plain e-mail`)
	o.lacks(o.does("member list"), o.email("good"))
	if r := o.runs("member invite --skip-bad --csv " + path); r.code != 1 || !strings.Contains(r.err, "1 added, 0 ready, 0 existed, 1 wrong") {
		t.Errorf("%+v", r)
	}
	o.has(o.does("member list"), o.email("good")+` +Good +Viewer on everything`)
	r = o.runs("member invite --csv " + o.list(good))
	if r.code != 0 || !strings.Contains(r.err, "0 added, 0 ready, 1 existed") {
		t.Errorf("once more: %+v", r)
	}
}

// What the server refuses of one row does not keep the others out.
func TestARowThatIsRefusedIsToldAndTheRestIsAdded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	rows := o.list(o.email("a")+",,Viewer,payments", o.email("b")+",,Astronaut,*", o.email("c")+",,Viewer,")
	if r := o.runs("member invite --dry-run --csv " + rows); r.code != 0 || !strings.Contains(r.err, "0 added, 3 ready") {
		t.Errorf("a dry run: %+v", r)
	}
	r := o.runs("member invite --json --csv " + rows)
	if r.code != 1 {
		t.Fatalf("%+v", r)
	}
	o.has(r.out, `"added": 2`, `"refused": 1`, `"line": 3`, `"state": "refused"`)
	o.has(o.does("member list"), o.email("a")+` .*Viewer on payments`, o.email("c")+` .*Viewer +active`)
	o.lacks(o.does("member list"), o.email("b"))
}

// A mail that cannot be sent makes nobody less a member.
func TestWhoIsAddedWithoutAMailIsAMember(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.runs("member invite --mail --csv " + o.list(o.email("a")+",,Viewer,*"))
	if r.code != 0 || !strings.Contains(r.out, "no mail was sent: this server sends no mail") {
		t.Errorf("%+v", r)
	}
}

func TestAListIsReadFromStandardInputOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := "email,role\n" + o.email("a") + ",Viewer\n"
	if r := o.reads(in, "member invite --csv -"); r.code != 0 || !strings.Contains(r.err, "1 added") {
		t.Errorf("%+v", r)
	}
	if r := o.reads(in, "member invite --csv - --token -"); r.code != 2 || !strings.Contains(r.err, "the token or the list, not both") {
		t.Errorf("%+v", r)
	}
	for text, said := range map[string]string{
		"": "the list is empty", "email;role\n": "apart by commas", "email,role\n" + nobodys + ",Viewer\n": "holds an API token",
		"email,role\n" + strings.Repeat("a", 1<<20): "longer than 1 MiB",
	} {
		if r := o.reads(text, "member invite --csv -"); r.code != 1 || !strings.Contains(r.err, said) || strings.Contains(r.err, nobodys[5:20]) {
			t.Errorf("%.20q: %+v", text, r)
		}
	}
	o.refuses(1, "no such file", "member invite --csv /nowhere/people.csv")
}

// Who is no administrator is told what is missing, and nothing is done.
func TestWhoMayNotIsToldWhatIsMissing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, secret := o.token("--kind workspace --label weak --scope tickets:read --resource payments")
	weak := &office{T: t, server: o.server, slug: o.slug, env: map[string]string{"TOKENRY_SERVER": o.server.URL, "TOKENRY_TOKEN": secret}}
	for line, missing := range map[string]string{
		"member list": "members:read", "member remove " + o.server.Email: "members:write", "role put X --scope tickets:read": "roles:write",
		"policy edit overlap=0s": "policy:write", "audit list": "audit:read", "webhook list": "webhooks:read",
		"service-account create bot": "service-accounts:write", "resource create x": "resources:create", "user list": "instance:admin",
		"workspace suspend " + o.slug: "instance:admin", "token create --label x --scope tickets:read --resource payments": "tokens:create",
	} {
		r := weak.runs(line)
		if r.code != 1 || r.out != "" || !strings.Contains(r.err, missing) {
			t.Errorf("%s: want %s, got %+v", line, missing, r)
		}
		if r := weak.runs(line + " --json"); r.code != 1 || !strings.Contains(r.err, `"status": 403`) {
			t.Errorf("%s as JSON: %+v", line, r)
		}
	}
	o.has(weak.does("whoami"), `^you are +`+o.slug+`@workspace$`, `^may +tickets:read on payments$`, `^workspace +`+o.slug+`$`)
	weak.lacks(weak.does("whoami"), "administrator")
}

// Nobody deletes what others work on by a revision that they did not read.
func TestObjectsAreWrittenAsTheyWereRead(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.email("ada")
	o.does("member create " + ada + " --role Viewer --resource '*'")
	o.does("service-account create bot --scope tickets:read --resource payments")
	for show, edit := range map[string]string{
		"member show " + ada: "member edit " + ada + " --name N", "service-account show bot": "service-account edit bot --description D",
		"workspace show " + o.slug: "workspace edit " + o.slug + " --name N", "policy show": "policy edit overlap=1h",
		"scope show tickets:read": "scope put tickets:read --description D",
	} {
		was := asked[struct{ Revision int64 }](o, show).Revision
		o.does(fmt.Sprintf("%s --if-revision %d", edit, was))
		o.refuses(1, "code changed_meanwhile", fmt.Sprintf("%s --if-revision %d", edit, was))
		o.does(edit) // which reads it first
	}
}
