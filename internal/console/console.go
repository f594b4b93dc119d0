package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/docs"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
)

// Product is how this deployment calls itself.
type Product struct {
	// Name stands in the top bar and in titles; empty is "Tokenry".
	Name string
	// Logo is an image in a data: URI; empty is Tokenry's own.
	Logo string
}

// Mail is the mail server as the administrators see it.
type Mail struct {
	// From is the sender of mails, Server where they are handed on, without
	// credentials.
	From, Server string
	// Test sends a mail to an address and answers what the server said when it took
	// it. Of an error, the message of an *api.Error is shown.
	Test func(ctx context.Context, to string) (answer string, err error)
}

// People is whoever signs persons in, by what the pages ask of them. Every chapter
// is required.
type People struct {
	Sessions       Sessions
	SignIn         SignIn
	Links          Links
	Proofs         Proofs
	Authenticators Authenticators
	Devices        Devices
}

func (p People) complete() bool {
	return p.Sessions != nil && p.SignIn != nil && p.Links != nil && p.Proofs != nil && p.Authenticators != nil && p.Devices != nil
}

// Options are what a console is made of. Authority and People are required.
type Options struct {
	Authority *authority.Authority
	People
	// BaseURL is the address that people reach; its scheme decides whether the
	// cookie is Secure where neither the connection nor a proxy tells.
	BaseURL string
	// TrustedProxies may name a request's address and scheme in X-Forwarded-For
	// and X-Forwarded-Proto.
	TrustedProxies door.Proxies
	// Logger is told of failures; nil is silence.
	Logger *slog.Logger
	// Now is the clock that pages count from; nil is the machine's.
	Now     func() time.Time
	Product Product
	// Version is the program's; empty is not shown.
	Version string
	// Mail is how mail is sent; nil where none is set up.
	Mail *Mail
}

type console struct {
	Options
	auth   *authority.Authority
	base   *url.URL
	assets assets
	guide  *guide
}

// New makes the handler of every page. It starts nothing.
func New(o Options) (http.Handler, error) {
	if o.Authority == nil || !o.complete() {
		return nil, errors.New("console: Authority and every chapter of People are required")
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("console: base URL: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Product.Name == "" {
		o.Product.Name = "Tokenry"
	}
	c := &console{Options: o, auth: o.Authority, base: base}
	if c.assets, err = newAssets(); err != nil {
		return nil, err
	}
	if c.guide, err = readGuide(docs.Files()); err != nil {
		return nil, err
	}
	return c.guard(c.routes()), nil
}

// routes is the one table of pages. A page behind sign-in is wrapped by in, one
// of a workspace by ws; what the rest is wrapped by asks nothing.
func (c *console) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range c.table() {
		mux.Handle(r.pattern, c.serve(r.access, r.show))
	}
	mux.Handle("GET /assets/", c.assets)
	mux.Handle("/", c.serve(anybody, (*visit).missing))
	return mux
}

func (c *console) table() []route {
	return slices.Concat(c.openRoutes(), c.personRoutes(), c.securityRoutes(), c.tokenRoutes(), c.workspaceRoutes(), c.webhookRoutes(), c.catalogueRoutes(), c.instanceRoutes())
}

// Pages are the patterns of all that can be opened, in the words of
// [http.ServeMux] and with the method before each.
func Pages() []string {
	var out []string
	for _, r := range new(console).table() {
		if strings.HasPrefix(r.pattern, http.MethodGet) {
			out = append(out, r.pattern)
		}
	}
	return out
}

// access is what a page asks of its visitor before it is drawn.
type access int

const (
	anybody access = iota
	signedIn
	inWorkspace
	// provenAnew is a form of an administrator of the instance who showed who they
	// are a short while ago, or shows it now.
	provenAnew
)

type route struct {
	pattern string
	access  access
	show    func(*visit) error
}

func (c *console) openRoutes() []route {
	return []route{
		{"GET /{$}", anybody, (*visit).home},
		{"GET /signin", anybody, (*visit).signIn},
		{"POST /signin", anybody, (*visit).doSignIn},
		{"POST /signin/passkey", anybody, (*visit).doPasskey},
		{"POST /signin/second-factor", anybody, (*visit).doSecondFactor},
		{"GET /signin/reset", anybody, (*visit).reset},
		{"POST /signin/reset", anybody, (*visit).doReset},
		{"GET /signin/invitation", anybody, (*visit).invitation},
		{"POST /signin/invitation", anybody, (*visit).doInvitation},
		{"GET /signin/portal", anybody, (*visit).portal},
		{"POST /signin/portal", anybody, (*visit).doPortal},
		{"POST /signin/oidc/{provider}", anybody, (*visit).startOIDC},
		{"GET /signin/oidc/{provider}/callback", anybody, (*visit).finishOIDC},
		{"POST /signout", anybody, (*visit).signOut},
		{"GET /setup", anybody, (*visit).setup},
		{"POST /setup", anybody, (*visit).doSetup},
		{"GET /help", anybody, (*visit).help},
		{"GET /help/{page}", anybody, (*visit).help},
		{"GET /help/images/{name}", anybody, (*visit).helpImage},
	}
}

func (c *console) personRoutes() []route {
	return []route{
		{"GET /workspaces", signedIn, (*visit).workspaces},
		{"GET /settings/tokens", signedIn, (*visit).myTokens},
		{"POST /settings/tokens/reset", signedIn, (*visit).doResetMine},
		{"GET /settings/tokens/reset", signedIn, (*visit).resetMine},
		{"GET /device", signedIn, (*visit).device},
		{"POST /device", signedIn, (*visit).doDevice},
		{"POST /device/answer", signedIn, (*visit).doDeviceAnswer},
	}
}

// securityRoutes are the pages of how a person signs in. What is delicate asks by
// itself whether they proved to be the one a short while ago.
func (c *console) securityRoutes() []route {
	const at = " /settings/security"
	return []route{
		{"GET" + at, signedIn, (*visit).security},
		{"GET" + at + "/confirm", signedIn, (*visit).confirm},
		{"POST" + at + "/confirm", signedIn, (*visit).doConfirm},
		{"POST" + at + "/confirm/{provider}", signedIn, (*visit).doConfirmAt},
		{"GET" + at + "/password", signedIn, (*visit).password},
		{"POST" + at + "/password", signedIn, (*visit).doPassword},
		{"GET" + at + "/app", signedIn, (*visit).app},
		{"POST" + at + "/app", signedIn, (*visit).doApp},
		{"POST" + at + "/app/confirm", signedIn, (*visit).doConfirmApp},
		{"POST" + at + "/app/remove", signedIn, (*visit).doRemoveApp},
		{"POST" + at + "/codes", signedIn, (*visit).doCodes},
		{"GET" + at + "/passkeys/new", signedIn, (*visit).newPasskey},
		{"POST" + at + "/passkeys", signedIn, (*visit).doNewPasskey},
		{"POST" + at + "/passkeys/remove", signedIn, (*visit).doRemovePasskey},
		{"POST" + at + "/identities/{provider}", signedIn, (*visit).doLink},
		{"POST" + at + "/identities/remove", signedIn, (*visit).doUnlink},
		{"POST" + at + "/end", signedIn, (*visit).doEndSession},
		{"POST" + at + "/end-all", signedIn, (*visit).doEndAll},
		{"POST" + at + "/end-everything", signedIn, (*visit).doEndEverything},
	}
}

func (c *console) tokenRoutes() []route {
	const at = " /workspace/{ws}/access-tokens"
	return []route{
		{"GET" + at, inWorkspace, (*visit).tokens},
		{"GET" + at + "/new", inWorkspace, (*visit).newToken},
		{"POST" + at + "/new", inWorkspace, (*visit).doNewToken},
		{"POST" + at + "/summary", inWorkspace, (*visit).summary},
		{"POST" + at + "/columns", inWorkspace, (*visit).doColumns},
		{"POST" + at + "/bulk", inWorkspace, (*visit).bulk},
		{"GET" + at + "/{id}", inWorkspace, (*visit).token},
		{"GET" + at + "/{id}/first-use", inWorkspace, (*visit).firstUse},
		{"GET" + at + "/{id}/edit", inWorkspace, (*visit).editToken},
		{"POST" + at + "/{id}/edit", inWorkspace, (*visit).doEditToken},
		{"POST" + at + "/{id}/advice", inWorkspace, (*visit).doAdvice},
		{"POST" + at + "/{id}/retire", inWorkspace, (*visit).doRetire},
		{"GET" + at + "/{id}/rotate", inWorkspace, (*visit).rotate},
		{"POST" + at + "/{id}/rotate", inWorkspace, (*visit).doRotate},
		{"GET" + at + "/{id}/reset", inWorkspace, (*visit).resetToken},
		{"POST" + at + "/{id}/reset", inWorkspace, (*visit).doResetToken},
		{"POST" + at + "/{id}/reveal", inWorkspace, (*visit).doReveal},
		{"GET" + at + "/{id}/transfer", inWorkspace, (*visit).transfer},
		{"POST" + at + "/{id}/transfer", inWorkspace, (*visit).doTransfer},
		{"POST" + at + "/{id}/enable", inWorkspace, (*visit).doEnable},
		{"POST" + at + "/{id}/disable", inWorkspace, (*visit).doDisable},
		{"GET" + at + "/{id}/delete", inWorkspace, (*visit).deleteToken},
		{"POST" + at + "/{id}/delete", inWorkspace, (*visit).doDeleteToken},
		{"GET /workspace/{ws}/integration-tokens", inWorkspace, (*visit).integrationTokens},
	}
}

func (c *console) workspaceRoutes() []route {
	const at = " /workspace/{ws}"
	return []route{
		{"GET" + at + "/{$}", inWorkspace, (*visit).workspaceHome},
		{"GET" + at, inWorkspace, (*visit).workspaceHome},
		{"GET" + at + "/service-accounts", inWorkspace, (*visit).accounts},
		{"GET" + at + "/service-accounts/new", inWorkspace, (*visit).newAccount},
		{"POST" + at + "/service-accounts/new", inWorkspace, (*visit).doNewAccount},
		{"GET" + at + "/service-accounts/{name}", inWorkspace, (*visit).account},
		{"POST" + at + "/service-accounts/{name}", inWorkspace, (*visit).doAccount},
		{"GET" + at + "/service-accounts/{name}/{verb}", inWorkspace, (*visit).stopAccount},
		{"POST" + at + "/service-accounts/{name}/{verb}", inWorkspace, (*visit).doStopAccount},
		{"GET" + at + "/members", inWorkspace, (*visit).members},
		{"GET" + at + "/members/new", inWorkspace, (*visit).newMember},
		{"POST" + at + "/members/new", inWorkspace, (*visit).doNewMember},
		{"GET" + at + "/members/invite", inWorkspace, (*visit).inviteMany},
		{"POST" + at + "/members/invite", inWorkspace, (*visit).doInviteMany},
		{"GET" + at + "/members/{member}", inWorkspace, (*visit).member},
		{"POST" + at + "/members/{member}", inWorkspace, (*visit).doMember},
		{"GET" + at + "/members/{member}/{verb}", inWorkspace, (*visit).stopMember},
		{"POST" + at + "/members/{member}/{verb}", inWorkspace, (*visit).doStopMember},
		{"GET" + at + "/resources", inWorkspace, (*visit).resources},
		{"POST" + at + "/resources", inWorkspace, (*visit).doResource},
		{"GET" + at + "/resources/{name}/delete", inWorkspace, (*visit).deleteResource},
		{"POST" + at + "/resources/{name}/delete", inWorkspace, (*visit).doDeleteResource},
		{"GET" + at + "/audit", inWorkspace, (*visit).audit},
		{"GET" + at + "/audit/export", inWorkspace, (*visit).auditExport},
		{"GET" + at + "/developer-tools", inWorkspace, (*visit).tools},
		{"POST" + at + "/developer-tools/explain", inWorkspace, (*visit).explain},
		{"POST" + at + "/developer-tools/lookup", inWorkspace, (*visit).lookUp},
		{"GET" + at + "/settings", inWorkspace, (*visit).settings},
		{"POST" + at + "/settings", inWorkspace, (*visit).doSettings},
		{"POST" + at + "/settings/name", inWorkspace, (*visit).doRename},
		{"GET" + at + "/settings/delete", inWorkspace, (*visit).deleteWorkspace},
		{"POST" + at + "/settings/delete", inWorkspace, (*visit).doDeleteWorkspace},
	}
}

// catalogueRoutes are the pages of roles and scopes, of a workspace and of the
// instance.
func (c *console) catalogueRoutes() []route {
	var out []route
	for _, at := range []struct {
		path           string
		access, change access
	}{{" /workspace/{ws}", inWorkspace, inWorkspace}, {" /instance", signedIn, provenAnew}} {
		out = append(
			out,
			route{"GET" + at.path + "/roles", at.access, (*visit).roles},
			route{"POST" + at.path + "/roles", at.change, (*visit).doRole},
			route{"GET" + at.path + "/roles/{role}", at.access, (*visit).role},
			route{"POST" + at.path + "/roles/{role}", at.change, (*visit).doEditRole},
			route{"GET" + at.path + "/roles/{role}/delete", at.access, (*visit).deleteRole},
			route{"POST" + at.path + "/roles/{role}/delete", at.change, (*visit).doDeleteRole},
			route{"POST" + at.path + "/scopes", at.change, (*visit).doScope},
			route{"GET" + at.path + "/scopes/{scope}", at.access, (*visit).scope},
			route{"POST" + at.path + "/scopes/{scope}", at.change, (*visit).doEditScope},
			route{"GET" + at.path + "/scopes/{scope}/delete", at.access, (*visit).deleteScope},
			route{"POST" + at.path + "/scopes/{scope}/delete", at.change, (*visit).doDeleteScope},
		)
	}
	return out
}

// instanceRoutes are the pages of the whole deployment. What changes it asks its
// administrator who they are, unless they showed that a short while ago.
func (c *console) instanceRoutes() []route {
	return []route{
		{"GET /instance", signedIn, (*visit).instance},
		{"GET /instance/people", signedIn, (*visit).instancePeople},
		{"GET /instance/audit", signedIn, (*visit).audit},
		{"GET /instance/audit/export", signedIn, (*visit).auditExport},
		{"GET /instance/system", signedIn, (*visit).system},
		{"POST /instance/system/test-mail", signedIn, (*visit).doTestMail},
		{"GET /instance/workspaces/{ws}/suspend", signedIn, (*visit).suspend},
		{"POST /instance/workspaces", provenAnew, (*visit).doNewWorkspace},
		{"POST /instance/workspaces/{ws}/{verb}", provenAnew, (*visit).doSuspend},
		{"POST /instance/admins", provenAnew, (*visit).doAdmin},
		{"GET /instance/users/{user}", signedIn, (*visit).userPage},
		{"GET /instance/users/{user}/{verb}", signedIn, (*visit).askUser},
		{"POST /instance/users/{user}/{verb}", provenAnew, (*visit).doUser},
		{"GET /instance/defaults", signedIn, (*visit).instanceDefaults},
		{"POST /instance/defaults", provenAnew, (*visit).doInstanceDefaults},
	}
}
