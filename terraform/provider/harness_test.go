package provider_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/terraform/provider"
)

// office is the server that all tests share, each in names of its own.
var office struct{ url, token string }

func TestMain(m *testing.M) {
	code, err := serve(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// serve builds the server as it ships, and runs it while the tests do.
func serve(tests func() int) (code int, err error) {
	dir, err := os.MkdirTemp("", "tokenry-terraform-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program, data := filepath.Join(dir, "tokenry"), filepath.Join(dir, "data")
	build := exec.Command("go", "build", "-o", program, "./cmd/tokenry")
	build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	secret, err := exec.Command(program, "bootstrap", "--data", data, "--email", "ada@example.com", "--workspace", "acme").Output()
	if err != nil {
		return 0, err
	}
	office.token = strings.TrimSpace(string(secret))
	cmd := exec.Command(program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--webhook-networks", "192.0.2.0/24")
	log, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if m := regexp.MustCompile(`msg=listening .*url=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			office.url = m[1]
			break
		}
	}
	if office.url == "" {
		return 0, fmt.Errorf("the server ended: %s", lines.Text())
	}
	go func() {
		for lines.Scan() { // so that it never waits for who reads its log
		}
	}()
	return tests(), nil
}

// tofu speaks to one process of the provider, as OpenTofu does.
type tofu struct {
	testing.TB
	server tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
	// said is every diagnostic, and each state and plan as it is sent.
	said []string
	// refused is the last error.
	refused string
}

var draws atomic.Int64

// start starts a provider whose clock is ahead of the server's.
func start(t testing.TB, ahead time.Duration, config map[string]any) *tofu {
	t.Helper()
	edges := provider.Edges{
		Version: "1.2.3",
		Getenv: func(name string) string {
			return map[string]string{"TOKENRY_SERVER": office.url, "TOKENRY_TOKEN": office.token}[name]
		},
		Now:  func() time.Time { return time.Now().Add(ahead) },
		Draw: func() string { return fmt.Sprintf("%s-%d", t.Name(), draws.Add(1)) },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	u := &tofu{TB: t, server: providerserver.NewProtocol6(provider.New(edges)())()}
	var err error
	if u.schema, err = u.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	u.diagnose(u.schema.Diagnostics)
	resp, err := u.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: u.wire(u.schema.Provider.ValueType(), build(u.schema.Provider.ValueType(), config))})
	if err != nil {
		t.Fatal(err)
	}
	u.diagnose(resp.Diagnostics)
	return u
}

// sdk is what the tests ask the server with, past the provider.
func sdk(t testing.TB) *client.Client {
	t.Helper()
	c, err := client.New(office.url, office.token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func (u *tofu) diagnose(ds []*tfprotov6.Diagnostic) bool {
	u.refused = ""
	for _, d := range ds {
		u.said = append(u.said, d.Summary, d.Detail)
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			u.refused = d.Summary + "\n" + d.Detail
		}
	}
	return u.refused == ""
}

func (u *tofu) wire(t tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	u.Helper()
	d, err := tfprotov6.NewDynamicValue(t, v)
	if err != nil {
		u.Fatal(err)
	}
	return &d
}

// unwire reads what was sent, and keeps it to be searched for secrets.
func (u *tofu) unwire(t tftypes.Type, d *tfprotov6.DynamicValue) tftypes.Value {
	u.Helper()
	v, err := d.Unmarshal(t)
	if err != nil {
		u.Fatal(err)
	}
	u.said = append(u.said, v.String())
	return v
}

// build makes a value of a type out of what a test writes; what is left out is null.
func build(t tftypes.Type, in any) tftypes.Value {
	switch in := in.(type) {
	case nil:
		return tftypes.NewValue(t, nil)
	case tftypes.Value:
		return in
	case int:
		return tftypes.NewValue(t, big.NewFloat(float64(in)))
	case []string:
		return build(t, boxed(in))
	case []any:
		of := t
		switch t := t.(type) {
		case tftypes.Set:
			of = t.ElementType
		case tftypes.List:
			of = t.ElementType
		}
		out := []tftypes.Value{}
		for _, e := range in {
			out = append(out, build(of, e))
		}
		return tftypes.NewValue(t, out)
	case map[string]any:
		out := map[string]tftypes.Value{}
		switch t := t.(type) {
		case tftypes.Object:
			for name, of := range t.AttributeTypes {
				out[name] = build(of, in[name])
			}
		case tftypes.Map:
			for name, e := range in {
				out[name] = build(t.ElementType, e)
			}
		}
		return tftypes.NewValue(t, out)
	default:
		return tftypes.NewValue(t, in)
	}
}

func boxed(in []string) (out []any) {
	for _, s := range in {
		out = append(out, s)
	}
	return out
}

// state is what OpenTofu keeps of a thing; the zero state is of none.
type state struct {
	value   tftypes.Value
	private []byte
}

// text is an attribute that is a text; empty where it is none.
func (s state) text(name string) string {
	out, _ := s.get(name).(string)
	return out
}

// get is an attribute as JSON would show it.
func (s state) get(name string) any {
	if s.value.IsNull() {
		return nil
	}
	var m map[string]tftypes.Value
	if s.value.As(&m) != nil {
		return nil
	}
	return show(m[name])
}

func show(v tftypes.Value) any {
	if v.IsNull() {
		return nil
	}
	if !v.IsKnown() {
		return "unknown"
	}
	var (
		s  string
		b  bool
		n  big.Float
		l  []tftypes.Value
		as map[string]tftypes.Value
	)
	switch {
	case v.As(&s) == nil:
		return s
	case v.As(&b) == nil:
		return b
	case v.As(&n) == nil:
		i, _ := n.Int64()
		return i
	case v.As(&l) == nil:
		out := []any{}
		for _, e := range l {
			out = append(out, show(e))
		}
		return out
	case v.As(&as) == nil:
		out := map[string]any{}
		for k, e := range as {
			out[k] = show(e)
		}
		return out
	}
	return nil
}

// planned is a plan, and what it says.
type planned struct {
	typ    string
	prior  state
	config tftypes.Value
	plan   *tfprotov6.PlanResourceChangeResponse
	value  tftypes.Value
}

// get is an attribute of what will be.
func (p planned) get(name string) any { return state{value: p.value}.get(name) }

// does says what the plan does: nothing, create, update or replace.
func (p planned) does() string {
	switch {
	case p.prior.value.IsNull():
		return "create"
	case len(p.plan.RequiresReplace) > 0:
		return "replace"
	case p.value.Equal(p.prior.value):
		return "nothing"
	default:
		return "update"
	}
}

func (u *tofu) typ(name string) tftypes.Type {
	return u.schema.ResourceSchemas["tokenry_"+name].ValueType()
}

// plan plans as the core does: it proposes the configuration, with what is left out and
// computed as it was, and without what is only written.
func (u *tofu) plan(name string, prior state, config map[string]any) planned {
	u.Helper()
	t := u.typ(name)
	if prior.value.Type() == nil {
		prior.value = tftypes.NewValue(t, nil)
	}
	p := planned{typ: name, prior: prior, config: build(t, config)}
	valid, err := u.server.ValidateResourceConfig(u.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: "tokenry_" + name, Config: u.wire(t, p.config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err != nil {
		u.Fatal(err)
	}
	if !u.diagnose(valid.Diagnostics) {
		u.Fatal(u.refused)
	}
	var proposed, was map[string]tftypes.Value
	_ = p.config.As(&proposed)
	proposed = maps.Clone(proposed) // what As gives is the value's own
	_ = prior.value.As(&was)
	for _, a := range u.schema.ResourceSchemas["tokenry_"+name].Block.Attributes {
		if a.Computed && proposed[a.Name].IsNull() && !prior.value.IsNull() {
			proposed[a.Name] = was[a.Name]
		}
		if a.WriteOnly {
			proposed[a.Name] = tftypes.NewValue(a.ValueType(), nil)
		}
	}
	p.plan, err = u.server.PlanResourceChange(u.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "tokenry_" + name, PriorState: u.wire(t, prior.value), ProposedNewState: u.wire(t, tftypes.NewValue(t, proposed)),
		Config: u.wire(t, p.config), PriorPrivate: prior.private,
	})
	if err != nil {
		u.Fatal(err)
	}
	if !u.diagnose(p.plan.Diagnostics) {
		u.Fatal(u.refused)
	}
	p.value = u.unwire(t, p.plan.PlannedState)
	return p
}

// apply does what was planned; a replacement is an end and a beginning. What was known in the
// plan has to be so afterwards, or OpenTofu calls it a bug of the provider.
func (u *tofu) apply(p planned) (state, bool) {
	u.Helper()
	if p.does() == "replace" {
		u.destroy(p.typ, p.prior)
		var config map[string]tftypes.Value
		_ = p.config.As(&config)
		again := map[string]any{}
		for name, v := range config {
			again[name] = v
		}
		p = u.plan(p.typ, state{}, again)
	}
	t := u.typ(p.typ)
	resp, err := u.server.ApplyResourceChange(u.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "tokenry_" + p.typ, PriorState: u.wire(t, p.prior.value), PlannedState: p.plan.PlannedState,
		Config: u.wire(t, p.config), PlannedPrivate: p.plan.PlannedPrivate,
	})
	if err != nil {
		u.Fatal(err)
	}
	if !u.diagnose(resp.Diagnostics) {
		return state{}, false
	}
	s := state{u.unwire(t, resp.NewState), resp.Private}
	var want, got map[string]tftypes.Value
	_ = p.value.As(&want)
	_ = s.value.As(&got)
	for name, v := range want {
		if v.IsFullyKnown() && !v.Equal(got[name]) {
			u.Fatalf("%s.%s: planned %v and became %v", p.typ, name, show(v), show(got[name]))
		}
	}
	return s, true
}

// keep applies a configuration, and sees that the next plan has nothing to do.
func (u *tofu) keep(name string, prior state, config map[string]any) state {
	u.Helper()
	s, ok := u.apply(u.plan(name, prior, config))
	if !ok {
		u.Fatal(u.refused)
	}
	s = u.refresh(name, s)
	if p := u.plan(name, s, config); p.does() != "nothing" {
		u.Fatalf("%s is not settled: %s\n%v\n%v", name, p.does(), show(s.value), show(p.value))
	}
	return s
}

func (u *tofu) refresh(name string, s state) state {
	u.Helper()
	resp, err := u.server.ReadResource(u.Context(), &tfprotov6.ReadResourceRequest{TypeName: "tokenry_" + name, CurrentState: u.wire(u.typ(name), s.value), Private: s.private})
	if err != nil {
		u.Fatal(err)
	}
	if !u.diagnose(resp.Diagnostics) {
		u.Fatal(u.refused)
	}
	return state{u.unwire(u.typ(name), resp.NewState), resp.Private}
}

func (u *tofu) destroy(name string, s state) {
	u.Helper()
	t := u.typ(name)
	null := u.wire(t, tftypes.NewValue(t, nil))
	resp, err := u.server.ApplyResourceChange(u.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "tokenry_" + name, PriorState: u.wire(t, s.value), PlannedState: null, Config: null, PlannedPrivate: s.private,
	})
	if err != nil {
		u.Fatal(err)
	}
	if !u.diagnose(resp.Diagnostics) {
		u.Fatal(u.refused)
	}
}

// adopt imports a thing and reads it, as OpenTofu does.
func (u *tofu) adopt(name, id string) state {
	u.Helper()
	resp, err := u.server.ImportResourceState(u.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "tokenry_" + name, ID: id})
	if err != nil {
		u.Fatal(err)
	}
	if !u.diagnose(resp.Diagnostics) {
		u.Fatal(u.refused)
	}
	in := resp.ImportedResources[0]
	return u.refresh(name, state{u.unwire(u.typ(name), in.State), in.Private})
}

// look reads a data source.
func (u *tofu) look(name string, config map[string]any) (state, bool) {
	u.Helper()
	t := u.schema.DataSourceSchemas["tokenry_"+name].ValueType()
	resp, err := u.server.ReadDataSource(u.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "tokenry_" + name, Config: u.wire(t, build(t, config))})
	if err != nil {
		u.Fatal(err)
	}
	if !u.diagnose(resp.Diagnostics) {
		return state{}, false
	}
	return state{value: u.unwire(t, resp.State)}, true
}

// open opens an ephemeral resource; done closes it. What it answers is not kept, as it may hold secrets.
func (u *tofu) open(name string, config map[string]any) (got state, done func()) {
	u.Helper()
	t := u.schema.EphemeralResourceSchemas["tokenry_"+name].ValueType()
	resp, err := u.server.OpenEphemeralResource(u.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: "tokenry_" + name, Config: u.wire(t, build(t, config))})
	if err != nil {
		u.Fatal(err)
	}
	if !u.diagnose(resp.Diagnostics) {
		u.Fatal(u.refused)
	}
	v, err := resp.Result.Unmarshal(t)
	if err != nil {
		u.Fatal(err)
	}
	return state{value: v}, func() {
		closed, err := u.server.CloseEphemeralResource(u.Context(), &tfprotov6.CloseEphemeralResourceRequest{TypeName: "tokenry_" + name, Private: resp.Private})
		if err != nil {
			u.Fatal(err)
		}
		if !u.diagnose(closed.Diagnostics) {
			u.Error(u.refused)
		}
	}
}

// silent holds that nothing which was kept or said has a secret.
func (u *tofu) silent(secrets ...string) {
	u.Helper()
	all, err := json.Marshal(u.said)
	if err != nil {
		u.Fatal(err)
	}
	for _, s := range append(secrets, office.token) {
		if s == "" || strings.Contains(string(all), s) {
			u.Error("a secret is in a plan, a state or a diagnostic, or there is none")
		}
	}
}
