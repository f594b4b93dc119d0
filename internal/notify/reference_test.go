package notify_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

var update = flag.Bool("update", false, "write the generated reference anew")

// TestReference holds the page about events against the table they are in.
func TestReference(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "reference", "webhooks.md")
	want := reference()
	if *update {
		must(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	must(t, err)
	if string(got) != want {
		t.Errorf("%s is not what the table says; run go test ./internal/notify -run TestReference -update", path)
	}
}

const referenceHead = `# Webhooks

<!-- Generated from api/webhook.go by go test ./internal/notify -run TestReference -update; edit the table there. -->

An endpoint is told what happens in its workspace; an endpoint of the instance, what happens in every workspace and to
the instance. Events are posted as [Standard Webhooks](https://www.standardwebhooks.com) say:

- ` + "`webhook-id`" + ` is the same at every attempt: what you have seen already, you may leave alone. A crash of the sender can
  repeat a delivery that you accepted.
- ` + "`webhook-timestamp`" + ` is the time of the attempt, in seconds. Refuse what is older than five minutes.
- ` + "`webhook-signature`" + ` is a list of ` + "`v1,`" + ` and the base64 of an HMAC-SHA-256, with the endpoint's secret, over id, timestamp
  and the body as it was sent, joined by dots. For a day after the secret was rotated there are two of them.

Answer 2xx within 15 seconds. Anything else, a redirect too, is a failure: the delivery is made again after 5 seconds,
5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours, each up to a fifth longer, or later if ` + "`Retry-After`" + ` asks for it. 410
disables the endpoint at once, a week of failures too, and the Owners are told by mail. Deliveries can be sent again by
hand for 30 days. Several events of one endpoint may arrive in another order than they happened: compare
` + "`data.revision`" + `.

Bodies are ` + "`{\"type\", \"timestamp\", \"data\"}`" + `, thin, and never hold a secret or a digest. Labels and names in them were written by
people: escape them where you show them.

Programs that take them: [webhooks](../webhooks.md).

Patterns: a type, ` + "`token.*`" + `, or ` + "`*`" + `. The type ` + "`ping`" + ` is a test and sent whatever the patterns.

| type | when | actions in the audit |
|---|---|---|
`

func reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, e := range api.WebhookTypes() {
		actions := append([]string{e.Type}, e.Actions...)
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", e.Type, e.Description, strings.Join(actions, "`, `"))
	}
	return b.String()
}
