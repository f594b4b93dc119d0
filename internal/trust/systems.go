package trust

import (
	"regexp"
	"slices"
	"strings"
)

// System is what is known of a system that hands out ID tokens.
type System struct {
	Name, Title string
	// Issuer is its issuer, or how it is written; Audience what a job asks for.
	Issuer, Audience string
	// at recognises its issuers, as a regular expression; empty recognises none.
	at string
	// Shared says that every customer of it has tokens of the one issuer.
	Shared func(issuer string) bool
	// IDs are claims that mean one and the same for good; Names are others that say
	// whose token it is, and may come to mean somebody else's.
	IDs   []string
	Names []Name
	// Places are claims that say which branch, environment or step it is.
	Places []string
	// OptIn are claims that stand in a token only when the job asks for them, and how.
	OptIn map[string]string
	// Guards are what does not fit unless a rule names the claim.
	Guards []Guard
	// Hints are what a rule is warned of.
	Hints []Hint
	// Version and Source say what this row was written after.
	Version, Source string
	// Examples are tokens as they look, invented.
	Examples []Example
}

// Name is a claim that names whose a token is.
type Name struct {
	Claim string
	// Owner is what the text before the first star has to be like, so that it names one
	// owner.
	Owner string
}

// says says whether a value names one owner.
func (n Name) says(value string) bool {
	if n.Owner == whole {
		return !open(value)
	}
	return regexp.MustCompile(n.Owner).MatchString(literal(value))
}

// Guard is what a system lets strangers cause.
type Guard struct {
	Claim  string
	Values []string
	Why    string
}

// Hint is a warning about rules that name a claim, and not another.
type Hint struct{ Names, Unless, Code, Text string }

// Example is an ID token's claims, invented, as JSON.
type Example struct{ Title, Claims string }

// Systems is the table of the systems, in the order in which they are offered.
func Systems() []System {
	return []System{github(), gitlab(), buildkite(), circleci(), terraform(), kubernetes(), anyOther()}
}

// SystemNamed finds a row by its name.
func SystemNamed(name string) (System, bool) {
	all := Systems()
	i := slices.IndexFunc(all, func(s System) bool { return s.Name == name })
	if i < 0 {
		return System{}, false
	}
	return all[i], true
}

// SystemNames are the names of the table.
func SystemNames() []string {
	var names []string
	for _, s := range Systems() {
		names = append(names, s.Name)
	}
	return names
}

// SystemOf is the name of the system of an issuer: the one whose issuer it is, else oidc.
func SystemOf(issuer string) string {
	if s, known := systemAt(issuer); known {
		return s.Name
	}
	return "oidc"
}

func systemAt(issuer string) (System, bool) {
	for _, s := range Systems() {
		if s.at != "" && regexp.MustCompile(s.at).MatchString(issuer) {
			return s, true
		}
	}
	return System{}, false
}

// sharedAt says whether everybody has tokens of an issuer.
func (s System) sharedAt(issuer string) bool { return s.Shared != nil && s.Shared(issuer) }

// binding are the claims of which a shared issuer needs one.
func (s System) binding() []string {
	names := slices.Clone(s.IDs)
	for _, n := range s.Names {
		names = append(names, n.Claim)
	}
	return names
}

// optIn says how a job asks for a claim, where it must.
func (s System) optIn(claim string) string {
	if how, ok := s.OptIn[claim]; ok {
		return "; the job has to ask for it: " + how
	}
	return ""
}

func only(issuers ...string) func(string) bool {
	return func(issuer string) bool { return slices.Contains(issuers, issuer) }
}

func within(prefix string) func(string) bool {
	return func(issuer string) bool { return strings.HasPrefix(issuer, prefix) }
}

// What a name has to be like before its first star.
const (
	whole     = ""                      // no star at all
	firstPath = `^[^/:*]+/`             // OWNER/…
	firstRepo = `^repo:[^/:*]+/`        // repo:OWNER/…
	firstOrg  = `^organization:[^:*]+:` // organization:NAME:…
)

func github() System {
	const hosted = "https://token.actions.githubusercontent.com"
	return System{
		Name: "github", Title: "GitHub Actions", Issuer: hosted, Audience: "core.getIDToken(AUDIENCE), or &audience= of ACTIONS_ID_TOKEN_REQUEST_URL",
		at:     `^https://token\.actions\.(githubusercontent\.com(/[^/]+)?|[a-z0-9-]+\.ghe\.com)$|/_services/token$`,
		Shared: only(hosted),
		IDs:    []string{"repository_id", "repository_owner_id", "enterprise_id"},
		Names: []Name{
			{"repository", firstPath}, {"repository_owner", whole}, {"sub", firstRepo}, {"job_workflow_ref", firstPath},
			{"workflow_ref", firstPath}, {"enterprise", whole},
		},
		Places: []string{"ref", "environment", "sub", "job_workflow_ref", "workflow_ref", "event_name"},
		Guards: []Guard{{"event_name", []string{"pull_request", "pull_request_target", "workflow_run"},
			"is one that a stranger's pull request can cause; a rule that means it names event_name"}},
		Hints: []Hint{{Names: "sub", Code: "subject_changes", Text: "the subject of a repository that was made, renamed or transferred since 2026-07-15 reads " +
			"repo:OWNER@OWNER_ID/NAME@REPO_ID:… in place of repo:OWNER/NAME:…, and one of a job with an environment names no branch: " +
			"use repository_id, ref and environment, which are the same in all of them"}},
		Version: "github/docs content/actions/reference/security/oidc.md, after 2026-07-15", Source: "https://docs.github.com/actions/reference/security/oidc",
		Examples: []Example{
			{"a branch, by names", `{"iss":"https://token.actions.githubusercontent.com","aud":"https://tokens.example.com","sub":"repo:octo-example/api:ref:refs/heads/main",` +
				`"repository":"octo-example/api","repository_id":"7001","repository_owner":"octo-example","repository_owner_id":"501","ref":"refs/heads/main","ref_type":"branch",` +
				`"event_name":"push","job_workflow_ref":"octo-example/api/.github/workflows/deploy.yml@refs/heads/main","runner_environment":"github-hosted","jti":"0f6b-01"}`},
			{"the same with an immutable subject", `{"iss":"https://token.actions.githubusercontent.com","aud":"https://tokens.example.com","sub":"repo:octo-example@501/api@7001:ref:refs/heads/main",` +
				`"repository":"octo-example/api","repository_id":"7001","repository_owner":"octo-example","repository_owner_id":"501","ref":"refs/heads/main","ref_type":"branch",` +
				`"event_name":"push","check_run_id":"90001","jti":"0f6b-02"}`},
			{"a pull request from a fork", `{"iss":"https://token.actions.githubusercontent.com","aud":"https://tokens.example.com","sub":"repo:octo-example/api:pull_request",` +
				`"repository":"octo-example/api","repository_id":"7001","repository_owner":"octo-example","repository_owner_id":"501","ref":"refs/pull/12/merge","head_ref":"x",` +
				`"base_ref":"main","event_name":"pull_request","jti":"0f6b-03"}`},
			{"pull_request_target, which runs on the base", `{"iss":"https://token.actions.githubusercontent.com","aud":"https://tokens.example.com","sub":"repo:octo-example/api:ref:refs/heads/main",` +
				`"repository":"octo-example/api","repository_id":"7001","repository_owner":"octo-example","repository_owner_id":"501","ref":"refs/heads/main",` +
				`"event_name":"pull_request_target","jti":"0f6b-04"}`},
		},
	}
}

func gitlab() System {
	return System{
		Name: "gitlab", Title: "GitLab", Issuer: "https://gitlab.com", Audience: "id_tokens: NAME: aud:",
		at: `^https://gitlab\.com$`, Shared: only("https://gitlab.com"),
		IDs:    []string{"project_id", "namespace_id", "job_project_id", "job_namespace_id"},
		Names:  []Name{{"project_path", firstPath}, {"namespace_path", whole}, {"sub", `^project_path:[^/:*]+/`}, {"job_project_path", firstPath}},
		Places: []string{"ref", "ref_protected", "ref_path", "environment", "sub"},
		Hints: []Hint{{Names: "job_project_id", Unless: "project_id", Code: "forks", Text: "job_project_id is where a job ran: the pipeline of a fork's merge request that runs in the " +
			"project has it too; project_id is the fork's own then, so name that"}},
		Version: "GitLab 18.9", Source: "https://docs.gitlab.com/ci/secrets/id_token_authentication/",
		Examples: []Example{
			{"a protected branch, with a list of audiences", `{"iss":"https://gitlab.com","aud":["https://tokens.example.com","https://vault.example.com"],"sub":"project_path:acme-example/api:ref_type:branch:ref:main",` +
				`"project_id":"31","project_path":"acme-example/api","namespace_id":"11","namespace_path":"acme-example","job_project_id":"31","ref":"main","ref_type":"branch",` +
				`"ref_protected":"true","pipeline_source":"push","runner_id":4,"user_access_level":null,"jti":"c1-01"}`},
			{"a fork's merge request that runs in the project", `{"iss":"https://gitlab.com","aud":"https://tokens.example.com","sub":"project_path:stranger-example/api:ref_type:branch:ref:main",` +
				`"project_id":"99","project_path":"stranger-example/api","namespace_id":"98","namespace_path":"stranger-example","job_project_id":"31","job_namespace_id":"11",` +
				`"ref":"main","ref_protected":"false","pipeline_source":"merge_request_event","runner_id":4,"jti":"c1-02"}`},
		},
	}
}

func buildkite() System {
	const issuer = "https://agent.buildkite.com"
	return System{
		Name: "buildkite", Title: "Buildkite", Issuer: issuer, Audience: "buildkite-agent oidc request-token --audience",
		at: `^https://agent\.buildkite\.com$`, Shared: only(issuer),
		IDs:    []string{"organization_id", "pipeline_id", "cluster_id"},
		Names:  []Name{{"organization_slug", whole}, {"sub", firstOrg}},
		Places: []string{"build_branch", "build_tag", "step_key", "sub"},
		OptIn: map[string]string{
			"organization_id": "--claim organization_id", "pipeline_id": "--claim pipeline_id", "cluster_id": "--claim cluster_id",
		},
		Version: "buildkite/docs pages/agent/cli/reference/oidc.md @06eab4b", Source: "https://buildkite.com/docs/agent/cli/reference/oidc",
		Examples: []Example{
			{"with --claim organization_id,pipeline_id", `{"iss":"https://agent.buildkite.com","aud":"https://tokens.example.com",` +
				`"sub":"organization:acme-example:pipeline:api:ref:refs/heads/main:commit:0000000000000000000000000000000000000001:step:deploy","organization_slug":"acme-example",` +
				`"organization_id":"018f0000-0000-4000-8000-000000000001","pipeline_slug":"api","pipeline_id":"018f0000-0000-4000-8000-000000000002","build_number":7,"build_branch":"main","step_key":"deploy"}`},
			{"as it is without", `{"iss":"https://agent.buildkite.com","aud":"https://tokens.example.com",` +
				`"sub":"organization:acme-example:pipeline:api:ref:refs/heads/main:commit:0000000000000000000000000000000000000001:step:","organization_slug":"acme-example",` +
				`"pipeline_slug":"api","build_number":7,"build_branch":"main","step_key":null}`},
		},
	}
}

func circleci() System {
	return System{
		Name: "circleci", Title: "CircleCI", Issuer: "https://oidc.circleci.com/org/ORGANIZATION_ID", Audience: "circleci run oidc get --claims '{\"aud\":\"…\"}'; else the organization's id",
		at:     `^https://oidc\.circleci\.com/org/[^/]+$`,
		IDs:    []string{"oidc.circleci.com/project-id", "oidc.circleci.com/context-ids"},
		Names:  []Name{{"sub", `^org/[^/*]+/project/[^/*]+/`}},
		Places: []string{"oidc.circleci.com/vcs-ref", "oidc.circleci.com/context-ids", "sub"},
		Guards: []Guard{{"oidc.circleci.com/ssh-rerun", []string{"true"}, "is a job that somebody entered by SSH; a rule that means it names oidc.circleci.com/ssh-rerun"}},
		Hints: []Hint{{Names: "oidc.circleci.com/vcs-ref", Unless: "oidc.circleci.com/vcs-origin", Code: "forks", Text: "a fork has branches of the same names: " +
			"name oidc.circleci.com/vcs-origin too"}},
		Version: "circleci-docs openid-connect-tokens.adoc @019b699", Source: "https://circleci.com/docs/openid-connect-tokens/",
		Examples: []Example{{"a branch", `{"iss":"https://oidc.circleci.com/org/018f0000-0000-4000-8000-000000000003","aud":"018f0000-0000-4000-8000-000000000003",` +
			`"sub":"org/018f0000-0000-4000-8000-000000000003/project/018f0000-0000-4000-8000-000000000004/user/018f0000-0000-4000-8000-000000000005",` +
			`"oidc.circleci.com/project-id":"018f0000-0000-4000-8000-000000000004","oidc.circleci.com/context-ids":["018f0000-0000-4000-8000-000000000006"],` +
			`"oidc.circleci.com/vcs-origin":"github.com/acme-example/api","oidc.circleci.com/vcs-ref":"refs/heads/main","oidc.circleci.com/ssh-rerun":false}`}},
	}
}

func terraform() System {
	const issuer = "https://app.terraform.io"
	return System{
		Name: "terraform", Title: "HCP Terraform", Issuer: issuer, Audience: "TFC_WORKLOAD_IDENTITY_AUDIENCE",
		at: `^https://app\.terraform\.io$`, Shared: only(issuer),
		IDs:     []string{"terraform_organization_id", "terraform_project_id", "terraform_workspace_id"},
		Names:   []Name{{"terraform_organization_name", whole}, {"sub", firstOrg}},
		Places:  []string{"terraform_run_phase", "terraform_workspace_id", "terraform_workspace_name", "sub"},
		Version: "HashiCorp's workload identity page as copied 2026-10", Source: "https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens",
		Examples: []Example{{"a phase of a run", `{"iss":"https://app.terraform.io","aud":"https://tokens.example.com","sub":"organization:acme-example:project:Default Project:workspace:api:run_phase:apply",` +
			`"terraform_organization_id":"org-EXAMPLE000000001","terraform_organization_name":"acme-example","terraform_project_id":"prj-EXAMPLE000000001","terraform_workspace_id":"ws-EXAMPLE0000000001",` +
			`"terraform_workspace_name":"api","terraform_run_phase":"apply","terraform_run_id":"run-EXAMPLE000000001","jti":"t1-01"}`}},
	}
}

func kubernetes() System {
	return System{
		Name: "kubernetes", Title: "Kubernetes service accounts", Issuer: "what kube-apiserver has as --service-account-issuer", Audience: "audience of a projected serviceAccountToken volume",
		at:      `^https://oidc\.eks\.[a-z0-9-]+\.amazonaws\.com/id/[^/]+$|^https://container\.googleapis\.com/v1/projects/`,
		IDs:     []string{"/kubernetes.io/serviceaccount/uid"},
		Names:   []Name{{"sub", `^system:serviceaccount:[^:*]+:`}, {"/kubernetes.io/namespace", whole}, {"/kubernetes.io/serviceaccount/name", whole}},
		Places:  []string{"sub", "/kubernetes.io/serviceaccount/uid", "/kubernetes.io/serviceaccount/name", "/kubernetes.io/namespace"},
		Version: "k8s.io/kubernetes v1.37.2 pkg/serviceaccount/claims.go", Source: "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/",
		Examples: []Example{{"a token of TokenRequest", `{"iss":"https://kubernetes.default.svc.cluster.local","aud":["https://tokens.example.com"],"sub":"system:serviceaccount:ci:deployer",` +
			`"kubernetes.io":{"namespace":"ci","serviceaccount":{"name":"deployer","uid":"018f0000-0000-4000-8000-000000000007"}},"jti":"018f0000-0000-4000-8000-000000000008"}`}},
	}
}

func anyOther() System {
	return System{
		Name: "oidc", Title: "Any other OpenID Connect issuer", Issuer: "https://token.example.com", Audience: "what the issuer lets you ask for",
		Shared:  within("https://accounts.google.com"),
		Names:   []Name{{"sub", `^.+$`}},
		Places:  []string{"sub"},
		Version: "OpenID Connect Core 1.0, section 2", Source: "https://openid.net/specs/openid-connect-core-1_0.html",
		Examples: []Example{{"a machine", `{"iss":"https://token.example.com","aud":"https://tokens.example.com","sub":"machine-7","jti":"o1-01"}`}},
	}
}
