package recall_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// twin is one of two databases to which the same happens.
type twin struct {
	// own remembers, or does not, and so does beside, another process on the same database.
	own, beside *store.Store
}

func newTwin(t *testing.T, url string, forgetful bool) twin {
	t.Helper()
	open := func(o store.Options) *store.Store {
		s, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	return twin{open(store.Options{URL: url, Forgetful: forgetful}), open(store.Options{URL: url, NoLock: true, Forgetful: forgetful})}
}

// step is something that a mutation does; what it answers is compared.
type step func(tx ledger.Tx) []any

// errUndo fails a mutation on purpose.
var errUndo = errors.New("to be undone")

// TestWhatIsRememberedIsWhatIsStored: whatever changes, in whatever batches, undone or not,
// by this process or another, a mutation is answered what it would be without a memory.
func TestWhatIsRememberedIsWhatIsStored(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		other := storetest.SQLite(t)
		with, without := newTwin(t, url, false), newTwin(t, other, true)
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			n := names{round}
			apply(t, rt, with.own, without.own, [][]step{n.begin()}, nil)
			subjects := rapid.SliceOfN(rapid.IntRange(0, len(n.subjects(0, 0))-1), 1, 2).Draw(rt, "subjects")
			for range rapid.IntRange(1, 6).Draw(rt, "batches") {
				var batch [][]step
				var fails []bool
				for range rapid.IntRange(1, 4).Draw(rt, "mutations") {
					var steps []step
					for range rapid.IntRange(1, 10).Draw(rt, "steps") {
						steps = append(steps, n.step(rt, subjects))
					}
					batch, fails = append(batch, steps), append(fails, rapid.IntRange(0, 3).Draw(rt, "fails") == 0)
				}
				if rapid.IntRange(0, 2).Draw(rt, "beside") == 0 {
					apply(t, rt, with.beside, without.beside, batch, fails)
				} else {
					apply(t, rt, with.own, without.own, batch, fails)
				}
			}
		})
	})
}

// apply lets the same happen to both and compares what it was answered.
func apply(t *testing.T, rt *rapid.T, a, b *store.Store, batch [][]step, fails []bool) {
	t.Helper()
	happen := func(s *store.Store) (out [][]any) {
		var mutations []func(ledger.Tx) error
		for i, steps := range batch {
			mutations = append(mutations, func(tx ledger.Tx) error {
				for _, do := range steps {
					out = append(out, do(tx))
				}
				if fails != nil && fails[i] {
					return errUndo
				}
				return nil
			})
		}
		verdicts, err := s.Batch(t.Context(), mutations)
		if err != nil {
			rt.Fatal(err)
		}
		for _, v := range verdicts {
			out = append(out, []any{v == nil, errors.Is(v, errUndo)})
		}
		return out
	}
	if diff := cmp.Diff(happen(b), happen(a), cmp.Comparer(func(x, y error) bool { return errors.Is(x, y) || errors.Is(y, x) })); diff != "" {
		rt.Fatalf("without memory - with it +:\n%s", diff)
	}
}

// names tells the rows of a round from those of others. Row numbers are its own, far
// above those that are drawn.
type names struct{ round int }

func (n names) id(i int) ledger.ID { return ledger.ID(1_000_000 + n.round*100 + i) }

func (n names) locator(i int) token.Locator {
	return token.Locator([]byte(fmt.Sprintf("Rc%07d%03d", n.round, i)))
}

func at(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, n, 1000*n, time.UTC) }

func (n names) workspace(v int) ledger.Workspace {
	return ledger.Workspace{ID: n.id(1), Slug: fmt.Sprint("w", n.round), Name: fmt.Sprint(v), Metadata: ledger.Metadata{"v": fmt.Sprint(v)}, CreatedAt: at(v)}
}

func (n names) user(v int) ledger.User {
	return ledger.User{ID: n.id(2), PublicID: fmt.Sprint("usr", n.round), Email: fmt.Sprintf("u%d@example.com", n.round), Name: fmt.Sprint(v), CreatedAt: at(1)}
}

func (n names) member(v int) ledger.Member {
	return ledger.Member{ID: n.id(3), Workspace: n.id(1), User: n.id(2), Name: fmt.Sprint(v), Grants: []grant.Statement{{Role: fmt.Sprint(v), Resources: []string{"*"}}}, CreatedAt: at(1)}
}

func (n names) account(v int) ledger.ServiceAccount {
	return ledger.ServiceAccount{ID: n.id(4), Workspace: n.id(1), PublicID: fmt.Sprint("sa", n.round), Name: "ci", Contacts: []string{fmt.Sprint(v)}, CreatedAt: at(1)}
}

func (n names) token(i, v int) ledger.Token {
	return ledger.Token{ID: n.id(10 + i), Locator: n.locator(i), Prefix: "tky", Kind: token.Workspace, Workspace: n.id(1), Label: fmt.Sprint(v),
		Grants: []grant.Statement{{Scopes: []string{fmt.Sprint(v)}}}, RateLimit: &policy.KeptLimit{Requests: v}, CreatedAt: at(v), Metadata: ledger.Metadata{"v": fmt.Sprint(v)}}
}

// begin makes the rows that others refer to.
func (n names) begin() []step {
	return []step{func(tx ledger.Tx) []any {
		return []any{tx.PutWorkspace(n.workspace(0)), tx.PutUser(n.user(0)), tx.PutMember(n.member(0)), tx.PutServiceAccount(n.account(0))}
	}}
}

// step draws a read or a write about one of the subjects of a round: few, so that what
// is read was written, and is read again.
func (n names) step(rt *rapid.T, subjects []int) step {
	v, i := rapid.IntRange(1, 9).Draw(rt, "value"), rapid.IntRange(0, 1).Draw(rt, "row")
	of := n.subjects(i, v)[subjects[rapid.IntRange(0, len(subjects)-1).Draw(rt, "subject")]]
	return of[rapid.IntRange(0, len(of)-1).Draw(rt, "step")]
}

func answers[T any](v T, err error) []any { return []any{v, err} }

func writes(f func(tx ledger.Tx) error) step { return func(tx ledger.Tx) []any { return []any{f(tx)} } }

// subjects are the reads and writes of what belongs together.
func (n names) subjects(i, v int) [][]step {
	return [][]step{n.people(v), n.tokens(i, v), n.rest(i, v), {
		func(tx ledger.Tx) []any { return answers(tx.CatalogueStamp(n.id(1))) },
		writes(func(tx ledger.Tx) error {
			return tx.PutRole(ledger.Role{Workspace: n.id(1), Name: "x", Revision: int64(v)})
		}),
		writes(func(tx ledger.Tx) error { return tx.DeleteScope(n.id(1), "y") }),
	}, {
		func(tx ledger.Tx) []any { return answers(tx.AuditTip(n.id(1))) },
		writes(func(tx ledger.Tx) error { return n.link(tx, v) }),
	}, {
		func(tx ledger.Tx) []any { return answers(tx.Subscribed(n.id(1))) },
		writes(func(tx ledger.Tx) error {
			return tx.PutWebhook(ledger.Webhook{ID: n.id(30 + i), Workspace: n.id(1), PublicID: fmt.Sprint("wh", n.id(30+i)), URL: fmt.Sprint(v), Secret: []byte{1}, Enabled: v%2 == 0, CreatedAt: at(v)})
		}),
		writes(func(tx ledger.Tx) error { return tx.DeleteWebhook(n.id(30 + i)) }),
	}}
}

func (n names) people(v int) []step {
	return []step{
		func(tx ledger.Tx) []any { return answers(tx.User(ledger.UserKey{ID: n.id(2)})) },
		func(tx ledger.Tx) []any { return answers(tx.Member(n.id(1), ledger.MemberKey{User: n.id(2)})) },
		func(tx ledger.Tx) []any { return answers(tx.Member(0, ledger.MemberKey{ID: n.id(3)})) },
		func(tx ledger.Tx) []any {
			return answers(tx.ServiceAccount(n.id(1), ledger.ServiceAccountKey{Name: "ci"}))
		},
		writes(func(tx ledger.Tx) error { return tx.PutUser(n.user(v)) }),
		writes(func(tx ledger.Tx) error { return tx.PutMember(n.member(v)) }),
		writes(func(tx ledger.Tx) error { return tx.PutServiceAccount(n.account(v)) }),
	}
}

func (n names) tokens(i, v int) []step {
	return []step{
		func(tx ledger.Tx) []any { return answers(tx.Token(n.locator(i))) },
		func(tx ledger.Tx) []any { // what is given may be changed by whoever has it
			t, err := tx.Token(n.locator(i))
			if len(t.Grants) > 0 {
				t.Grants[0].Scopes[0], t.Metadata["v"], t.RateLimit.Requests = "spoilt", "spoilt", -1
			}
			return []any{err}
		},
		func(tx ledger.Tx) []any { return answers(tx.Secrets(n.id(10 + i))) },
		func(tx ledger.Tx) []any { return answers(tx.CountTokens(n.id(1), 0, at(0), 0)) },
		writes(func(tx ledger.Tx) error { return tx.PutToken(n.token(i, v)) }),
		writes(func(tx ledger.Tx) error {
			return errors.Join(tx.PutToken(n.token(i, v)), tx.PutSecret(ledger.Secret{Token: n.id(10 + i), Number: 1 + v%3, Key: 1, CreatedAt: at(v), Sealed: []byte{byte(v)}}))
		}),
		func(tx ledger.Tx) []any { // a token that begins, and is asked for its secrets
			fresh := n.token(i, v)
			fresh.ID = tx.NewID()
			fresh.Locator = token.Locator([]byte(fmt.Sprintf("Rn%010d", fresh.ID)))
			secret := ledger.Secret{Token: fresh.ID, Number: 1, Key: 1, CreatedAt: at(v).Local(), Digest: token.Digest{byte(v)}}
			if v%3 > 0 {
				secret.Tracked, secret.FirstUsedAt, secret.Derives = true, at(v+1).Local(), []byte{byte(v)}
			}
			err := errors.Join(tx.PutToken(fresh), tx.PutSecret(secret))
			known, unread := tx.Secrets(fresh.ID)
			return []any{fresh.ID, known, errors.Join(err, unread)}
		},
		writes(func(tx ledger.Tx) error { return tx.DeleteSecrets(n.id(10+i), v%4) }),
		writes(func(tx ledger.Tx) error { return tx.DeleteToken(n.id(10 + i)) }),
	}
}

func (n names) rest(i, v int) []step {
	return []step{
		func(tx ledger.Tx) []any { return answers(tx.Workspace(ledger.WorkspaceKey{ID: n.id(1)})) },
		func(tx ledger.Tx) []any {
			return answers(tx.Workspace(ledger.WorkspaceKey{Slug: fmt.Sprint("w", n.round)}))
		},
		func(tx ledger.Tx) []any { return answers(tx.Resource(n.id(1), fmt.Sprint("r", i))) },
		func(tx ledger.Tx) []any {
			all, err := tx.Removals()
			return []any{slices.DeleteFunc(all, func(x ledger.Removal) bool { return x.Workspace != n.id(1) }), err}
		},
		writes(func(tx ledger.Tx) error { return tx.PutWorkspace(n.workspace(v)) }),
		writes(func(tx ledger.Tx) error {
			return tx.PutResource(ledger.Resource{ID: n.id(20 + i), Workspace: n.id(1), Name: fmt.Sprint("r", i), Description: fmt.Sprint(v), CreatedAt: at(v)})
		}),
		writes(func(tx ledger.Tx) error { return tx.DeleteResource(n.id(1), fmt.Sprint("r", i)) }),
		writes(func(tx ledger.Tx) error {
			return tx.PutRemoval(ledger.Removal{ID: n.id(40 + i), Workspace: n.id(1), Kind: ledger.RemovedScope, Name: fmt.Sprint(v), CreatedAt: at(v)})
		}),
		writes(func(tx ledger.Tx) error { return tx.DeleteRemoval(n.id(40 + i)) }),
	}
}

// link adds to the audit, as whoever knows its end does.
func (n names) link(tx ledger.Tx, v int) error {
	tip, err := tx.AuditTip(n.id(1))
	if err != nil && !errors.Is(err, ledger.ErrNoRow) {
		return err
	}
	return tx.AppendAudit(ledger.AuditRow{Workspace: n.id(1), Sequence: tip.Sequence + 1, At: at(v).Local(), Action: "x", Actor: "y", Payload: []byte(`{}`),
		PayloadDigest: make([]byte, 32), Hash: append(make([]byte, 31), byte(v)), Key: 1})
}

// TestEveryWriteIsJudged: a method of the contract that writes is either one that the
// memory forgets by, or one of those that write nothing that is remembered.
func TestEveryWriteIsJudged(t *testing.T) {
	t.Parallel()
	harmless := map[string]bool{
		"Last": true, "Moment": true, "Happen": true, "Runner": true, "Touch": true, // of the batch itself
		"CountTokens": true, "PutIdempotency": true, "DeleteIdempotency": true,
		"PutDelivery": true, "DropDeliveries": true, "DropPending": true, "PutMail": true, "PutNotice": true, "DeleteNotice": true,
		"PutReuseTold": true, "ForgetSettled": true, "DeleteDelivery": true, "DeleteMail": true, "EraseSignIn": true,
		"PutSession": true, "DeleteSession": true, "DeleteSessionsOf": true, "PutAttempts": true, "DeleteAttempts": true, "PutCode": true,
		"DeleteCode": true, "DeleteCodesOf": true, "AddIdentity": true, "DeleteIdentity": true, "PutFactor": true, "DeleteFactor": true,
		"DeleteFactorsOf": true, "RememberAddress": true, "SweepSignIn": true,
		"PutTrustRule": true, "DeleteTrustRule": true, "PutExchange": true, "DeleteExchanges": true, "PutStrange": true, "DeleteStrange": true,
		"PutUnusedState": true, "DeleteUnusedState": true,
	}
	judged := judgedWrites(t)
	writer := reflect.TypeFor[ledger.Writer]()
	for field := range writer.Fields() {
		for method := range field.Type.Methods() {
			if name := method.Name; judged[name] == harmless[name] {
				t.Errorf("%s.%s: the memory judges it: %v; it is named as harmless: %v", field.Name, name, judged[name], harmless[name])
			}
		}
	}
}

// judgedWrites are the methods of writers that the memory has of its own.
func judgedWrites(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(gotoken.NewFileSet(), "chapters.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	judged := map[string]bool{}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
			if of, ok := f.Recv.List[0].Type.(*ast.Ident); ok && strings.HasSuffix(of.Name, "Writer") {
				judged[f.Name.Name] = true
			}
		}
	}
	return judged
}

// TestWhatAnotherProcessWroteIsForgotten: of what a process knows of a token, whatever
// another one writes of it.
func TestWhatAnotherProcessWroteIsForgotten(t *testing.T) {
	t.Parallel()
	a, n := newTwin(t, storetest.Postgres(t), false), names{1}
	do := func(s *store.Store, f func(tx ledger.Tx) error) {
		t.Helper()
		verdicts, err := s.Batch(t.Context(), []func(ledger.Tx) error{f})
		if err := errors.Join(append(verdicts, err)...); err != nil {
			t.Fatal(err)
		}
	}
	secret := func(number, v int) ledger.Secret {
		return ledger.Secret{Token: n.id(10), Number: number, Key: 1, CreatedAt: at(1), Sealed: []byte{byte(v)}}
	}
	do(a.own, func(tx ledger.Tx) error { return tx.PutWorkspace(n.workspace(0)) })
	for name, write := range map[string]func(tx ledger.Tx) error{
		"a token":         func(tx ledger.Tx) error { return tx.PutToken(n.token(0, 2)) },
		"a secret":        func(tx ledger.Tx) error { return tx.PutSecret(secret(2, 3)) },
		"secrets deleted": func(tx ledger.Tx) error { return tx.DeleteSecrets(n.id(10), 1) },
		"a token deleted": func(tx ledger.Tx) error { return tx.DeleteToken(n.id(10)) },
	} {
		do(a.own, func(tx ledger.Tx) error {
			return errors.Join(tx.PutToken(n.token(0, 1)), tx.PutSecret(secret(1, 1)), tx.PutSecret(secret(2, 1)))
		})
		var known, found []any
		read := func(into *[]any) func(tx ledger.Tx) error {
			return func(tx ledger.Tx) error {
				v, err := tx.Token(n.locator(0))
				secrets, failed := tx.Secrets(n.id(10))
				*into = []any{v, errors.Is(err, ledger.ErrNoRow), secrets, failed}
				return tx.PutWorkspace(n.workspace(1))
			}
		}
		do(a.own, read(&known))
		do(a.beside, write)
		do(a.own, read(&found))
		do(a.beside, read(&known)) // which wrote it
		if diff := cmp.Diff(known, found); diff != "" {
			t.Errorf("%s: who wrote it - the other +:\n%s", name, diff)
		}
	}
}

// TestWhatIsGivenIsACopy: a verb that writes into what it was given changes nothing for
// the next one.
func TestWhatIsGivenIsACopy(t *testing.T) {
	t.Parallel()
	a, n := newTwin(t, storetest.SQLite(t), false), names{1}
	token := func(tx ledger.Tx) ledger.Token {
		v, err := tx.Token(n.locator(0))
		if err != nil {
			t.Error(err)
		}
		return v
	}
	var first, second ledger.Token
	verdicts, err := a.own.Batch(t.Context(), []func(ledger.Tx) error{
		func(tx ledger.Tx) error {
			return errors.Join(tx.PutWorkspace(n.workspace(0)), tx.PutToken(n.token(0, 3)))
		},
		func(tx ledger.Tx) error { first = token(tx); return nil },
		func(tx ledger.Tx) error {
			v := token(tx)
			v.Grants[0].Scopes[0], v.Metadata["v"], v.RateLimit.Requests = "spoilt", "spoilt", -1
			return nil
		},
		func(tx ledger.Tx) error { second = token(tx); return nil },
	})
	if err := errors.Join(append(verdicts, err)...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the first - the next +:\n%s", diff)
	}
}
