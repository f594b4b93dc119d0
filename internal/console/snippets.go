package console

import (
	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
)

// tokenForm is a page about one token with a form on it.
type tokenForm func(v *visit, t api.Token, f form.Form, id string) templ.Component

// envName is the variable that the snippets read the secret from.
const envName = "API_TOKEN"

// snippet is a piece of somebody's program.
type snippet struct{ title, text string }

// snippets show how programs present the token, without it.
func snippets(s shown) []snippet {
	return []snippet{
		{title: "curl", text: `curl --fail -H "Authorization: Bearer $` + envName + `" ` + s.base + "/v1/whoami"},
		{title: "GitHub Actions", text: `# Settings → Secrets and variables → Actions: add the secret ` + envName + `
jobs:
  call:
    runs-on: ubuntu-latest
    steps:
      - run: curl --fail -H "Authorization: Bearer $` + envName + `" ` + s.base + `/v1/whoami
        env:
          ` + envName + `: ${{ secrets.` + envName + ` }}`},
		{title: "GitLab CI", text: `# Settings → CI/CD → Variables: add ` + envName + `, masked and hidden
call:
  script:
    - 'curl --fail -H "Authorization: Bearer $` + envName + `" ` + s.base + `/v1/whoami'`},
		{title: "Go", text: `req, err := http.NewRequestWithContext(ctx, http.MethodGet, "` + s.base + `/v1/whoami", nil)
if err != nil {
	return err
}
req.Header.Set("Authorization", "Bearer "+os.Getenv("` + envName + `"))
resp, err := http.DefaultClient.Do(req)`},
	}
}

// overlaps are how long an old secret can still work; the policy's first.
func (v *visit) overlaps() []form.Option {
	out := []form.Option{{"", "As the policy says"}}
	if v.at.Policy != nil {
		out[0][1] = "Usual: " + phrase.Lasting(v.at.Policy.Overlap)
	}
	return append(out, form.Option{"0", "No time"}, form.Option{"1h", "1 hour"}, form.Option{"1d", "1 day"}, form.Option{"7d", "7 days"})
}
