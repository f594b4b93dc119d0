package phrase

// EnvName is the variable that the snippets read the secret from.
const EnvName = "API_TOKEN"

// Snippet is a piece of somebody's program.
type Snippet struct{ Title, Text string }

// Snippets show how programs present the token, without it.
func Snippets(base string) []Snippet {
	return append(programs(base), MCPClients(ExampleMCP)...)
}

func programs(base string) []Snippet {
	return []Snippet{
		{Title: "curl", Text: `curl --fail -H "Authorization: Bearer $` + EnvName + `" ` + base + "/v1/whoami"},
		{Title: "GitHub Actions", Text: `# Settings → Secrets and variables → Actions: add the secret ` + EnvName + `
jobs:
  call:
    runs-on: ubuntu-latest
    steps:
      - run: curl --fail -H "Authorization: Bearer $` + EnvName + `" ` + base + `/v1/whoami
        env:
          ` + EnvName + `: ${{ secrets.` + EnvName + ` }}`},
		{Title: "GitLab CI", Text: `# Settings → CI/CD → Variables: add ` + EnvName + `, masked and hidden
call:
  script:
    - 'curl --fail -H "Authorization: Bearer $` + EnvName + `" ` + base + `/v1/whoami'`},
		{Title: "Go", Text: `req, err := http.NewRequestWithContext(ctx, http.MethodGet, "` + base + `/v1/whoami", nil)
if err != nil {
	return err
}
req.Header.Set("Authorization", "Bearer "+os.Getenv("` + EnvName + `"))
resp, err := http.DefaultClient.Do(req)`},
	}
}
