package server

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// Replayed is what was done again after a restore.
type Replayed struct {
	// Done counts what was done again, by action.
	Done map[string]int `json:"done"`
	// Rotated are tokens that got a new secret after the backup was taken. The
	// backup knows the old one alone, so they are disabled: rotate them.
	Rotated []string `json:"rotated"`
	// Failed are what was refused.
	Failed []string `json:"failed"`
	// NotDone counts changes that are not done again, by action: an export does
	// not hold what they need.
	NotDone map[string]int `json:"not_done"`
	// Missing names stretches of a chain that the exports leave out.
	Missing []string `json:"missing"`

	// events are what is done again, newest the revision of the newest of all.
	events []api.AuditEvent
	newest int64
}

// mark is a place in a chain.
type mark struct {
	sequence int64
	hash     string
}

// marksOf reads the heads of chains.
func marksOf(heads []string) (map[string]mark, error) {
	marks := map[string]mark{}
	for _, head := range heads {
		name, at, _ := strings.Cut(head, "@")
		n, hash, _ := strings.Cut(at, ":")
		sequence, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			return nil, errNoBackup
		}
		marks[name] = mark{sequence, hash}
	}
	return marks, nil
}

// read reads the events after the last row on which the exports and each chain agree, in
// the order of their revisions. The chain may have gone on by itself since: somebody
// served it, or a replay was begun before.
func (out *Replayed) read(ctx context.Context, s ledger.Store, heads []string, exports []io.Reader) error {
	all, err := decoded(exports)
	if err != nil {
		return err
	}
	marks, err := marksOf(heads)
	if err != nil {
		return err
	}
	err = s.Read(ctx, func(r ledger.Reader) error {
		for name, rows := range chained(all) {
			if head, known := marks[name]; known {
				if marks[name], err = lastShared(r, name, head, rows); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, e := range all {
		out.newest = max(out.newest, e.Revision)
		if m, known := marks[chainOf(e)]; known && e.Sequence > m.sequence {
			out.events = append(out.events, e)
		}
	}
	slices.SortFunc(out.events, func(a, b api.AuditEvent) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(chainOf(a), chainOf(b)), cmp.Compare(a.Sequence, b.Sequence))
	})
	out.gaps(marks, all)
	return nil
}

// decoded reads the exports.
func decoded(exports []io.Reader) (all []api.AuditEvent, err error) {
	for _, r := range exports {
		lines := json.NewDecoder(r)
		for {
			var e api.AuditEvent
			err := lines.Decode(&e)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || e.Sequence == 0 || e.Hash == "" {
				return nil, errors.New("the file to replay is no export of the audit (tokenry audit export writes one, as ndjson)")
			}
			all = append(all, e)
		}
	}
	return all, nil
}

// chained are the hashes of each chain, by the numbers of its rows.
func chained(all []api.AuditEvent) map[string]map[int64]string {
	chains := map[string]map[int64]string{}
	for _, e := range all {
		name := chainOf(e)
		if chains[name] == nil {
			chains[name] = map[int64]string{}
		}
		chains[name][e.Sequence] = e.Hash
	}
	return chains
}

// lastShared is the last row that a chain and its export share: each hash is over all rows
// before it. An export that begins after the chain's end shares none with it.
func lastShared(r ledger.Reader, name string, head mark, exported map[int64]string) (mark, error) {
	var id ledger.ID
	if name != audit.Instance {
		ws, err := r.Workspace(ledger.WorkspaceKey{Slug: name})
		if err != nil {
			return mark{}, err
		}
		id = ws.ID
	}
	first := slices.Min(slices.Collect(maps.Keys(exported)))
	if first > head.sequence {
		return head, nil
	}
	var last mark
	for after := first - 1; after < head.sequence; {
		rows, err := r.AuditChain(id, after, rowsAtOnce)
		if err != nil {
			return mark{}, err
		}
		for _, row := range rows {
			if hash := hex.EncodeToString(row.Hash[:]); row.Sequence <= head.sequence && exported[row.Sequence] == hash {
				last = mark{row.Sequence, hash}
			}
		}
		if len(rows) == 0 {
			break
		}
		after = rows[len(rows)-1].Sequence
	}
	if last.sequence == 0 {
		return mark{}, fmt.Errorf("the export is of another instance: its row %d of %s is not the one in the database, and neither is any that follows", first, name)
	}
	return last, nil
}

// rowsAtOnce is how many rows of a chain are compared at once.
const rowsAtOnce = 500

func chainOf(e api.AuditEvent) string { return cmp.Or(e.Workspace, "instance") }

// gaps names what is missing between the marks and the last row of each chain. A chain
// that an export has up to its mark had nothing more.
func (out *Replayed) gaps(marks map[string]mark, all []api.AuditEvent) {
	numbers := map[string][]int64{}
	for _, e := range all {
		numbers[chainOf(e)] = append(numbers[chainOf(e)], e.Sequence)
	}
	for _, name := range slices.Sorted(maps.Keys(marks)) {
		last, seen := marks[name].sequence, false
		slices.Sort(numbers[name])
		for _, n := range numbers[name] {
			if n > last+1 {
				out.Missing = append(out.Missing, fmt.Sprintf("%s: rows %d to %d", name, last+1, n-1))
			}
			last, seen = max(last, n), seen || n >= marks[name].sequence
		}
		if !seen {
			out.Missing = append(out.Missing, name+": no row since the backup; was it exported?")
		}
	}
}

// undone are the actions that give back what another took: the later one counts.
var undone = map[string]string{
	"token.enabled": "token.disabled", "member.activated": "member.deactivated", "service_account.enabled": "service_account.disabled",
	"workspace.resumed": "workspace.suspended", "user.activated": "user.deactivated",
}

// settled leaves out what was taken back later.
func settled(events []api.AuditEvent) []api.AuditEvent {
	ended := map[string]bool{} // what a later event took back
	var out []api.AuditEvent
	for _, e := range slices.Backward(events) {
		if took := undone[e.Action]; took != "" {
			ended[took+" "+chainOf(e)+" "+e.Target] = true
			continue
		}
		if !ended[e.Action+" "+chainOf(e)+" "+e.Target] {
			out = append(out, e)
		}
	}
	slices.Reverse(out)
	return out
}

// again does one event again.
func (c *Core) again(ctx context.Context, out *Replayed, e api.AuditEvent) {
	a, by, ws := c.Authority, office.RestoreCaller(), e.Workspace
	_, name, _ := strings.Cut(e.Target, ":")
	var err error
	switch e.Action {
	case "token.revoked":
		_, err = a.RevokeToken(ctx, by, ws, e.Target, revocation(e))
	case "token.deleted":
		_, err = a.DeleteToken(ctx, by, ws, e.Target, revocation(e))
	case "token.disabled":
		_, err = a.DisableToken(ctx, by, ws, e.Target, api.DisableToken{})
	case "token.rotated", "token.reset", "token.transferred", "token.secret_reissued":
		if _, err = a.DisableToken(ctx, by, ws, e.Target, api.DisableToken{}); err == nil && !slices.Contains(out.Rotated, e.Target) {
			out.Rotated = append(out.Rotated, e.Target)
		}
	case "token.secret_retired":
		_, err = a.RetireSecrets(ctx, by, ws, e.Target)
	case "member.deactivated":
		_, err = a.DeactivateMember(ctx, by, ws, name, false)
	case "member.removed":
		_, err = a.RemoveMember(ctx, by, ws, name, false)
	case "service_account.disabled":
		_, err = a.DisableServiceAccount(ctx, by, ws, name, false)
	case "service_account.removed":
		_, err = a.RemoveServiceAccount(ctx, by, ws, name, false)
	case "user.deactivated":
		_, err = a.DeactivateUser(ctx, by, name)
	case "import_format.deleted":
		_, err = a.DeleteImportFormat(ctx, by, name)
	case "admin.removed":
		_, err = a.RemoveAdmin(ctx, by, name)
	case "workspace.suspended":
		_, err = a.SuspendWorkspace(ctx, by, ws)
	case "workspace.deleted":
		_, err = a.DeleteWorkspace(ctx, by, ws)
	default:
		out.skip(e.Action)
		return
	}
	out.count(e, err)
}

// harmless are actions that changed no rights, or that made what the backup
// never had.
var harmless = []string{
	"token.created", "token.imported", "import_format.created", "token.first_used", "token.reused", "token.expired", "token.expiring", "token.revealed",
	"token.strange_use", "token.strange_use_answered", "token.unused", "token.unused_withdrawn", "unused.confirmed",
	"member.created", "service_account.created", "workspace.created", "resource.created", "portal.link_made", "invitation.made",
}

// harmlessKinds are the beginnings of such actions. Sessions end with a restore.
var harmlessKinds = []string{"signin.", "session.", "mail."}

func (out *Replayed) skip(action string) {
	kind := func(prefix string) bool { return strings.HasPrefix(action, prefix) }
	if !slices.Contains(harmless, action) && !slices.ContainsFunc(harmlessKinds, kind) {
		out.NotDone[action]++
	}
}

// count notes how one event went. What is not there was made after the backup,
// or has ended already.
func (out *Replayed) count(e api.AuditEvent, err error) {
	switch {
	case err == nil:
		out.Done[e.Action]++
	case errors.Is(err, api.CodeNotFound), errors.Is(err, api.CodeTokenRevoked):
	default:
		out.Failed = append(out.Failed, fmt.Sprintf("%s %s: %s", e.Action, e.Target, api.AsError(err).Message))
	}
}

// revocation repeats what was said at the time.
func revocation(e api.AuditEvent) api.RevokeToken {
	var was struct {
		Reason  string `json:"revoke_reason"`
		Comment string `json:"revoke_comment"`
	}
	if json.Unmarshal(e.After, &was) != nil {
		return api.RevokeToken{}
	}
	return api.RevokeToken{Reason: was.Reason, Comment: was.Comment}
}
