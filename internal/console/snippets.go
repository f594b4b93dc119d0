package console

import (
	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// tokenForm is a page about one token with a form on it.
type tokenForm func(v *visit, t api.Token, f form, id string) templ.Component

// envName is the variable that the snippets read the secret from.
const envName = "API_TOKEN"

// snippets show how programs present the token, without it.
func snippets(s shown) []option {
	return []option{
		{name: "curl", value: `curl --fail -H "Authorization: Bearer $` + envName + `" ` + s.base + "/v1/whoami"},
		{name: "GitHub Actions", value: `# Settings → Secrets and variables → Actions: add the secret ` + envName + `
jobs:
  call:
    runs-on: ubuntu-latest
    steps:
      - run: curl --fail -H "Authorization: Bearer $` + envName + `" ` + s.base + `/v1/whoami
        env:
          ` + envName + `: ${{ secrets.` + envName + ` }}`},
		{name: "GitLab CI", value: `# Settings → CI/CD → Variables: add ` + envName + `, masked and hidden
call:
  script:
    - 'curl --fail -H "Authorization: Bearer $` + envName + `" ` + s.base + `/v1/whoami'`},
		{name: "Go", value: `req, err := http.NewRequestWithContext(ctx, http.MethodGet, "` + s.base + `/v1/whoami", nil)
if err != nil {
	return err
}
req.Header.Set("Authorization", "Bearer "+os.Getenv("` + envName + `"))
resp, err := http.DefaultClient.Do(req)`},
	}
}

// overlaps are how long an old secret can still work; the policy's first.
func (v *visit) overlaps() []option {
	out := []option{{"", "As the policy says"}}
	if v.at.Policy != nil {
		out[0].name = "Usual: " + phrase.Lasting(v.at.Policy.Overlap)
	}
	return append(out, option{"0", "No time"}, option{"1h", "1 hour"}, option{"1d", "1 day"}, option{"7d", "7 days"})
}
