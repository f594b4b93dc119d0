package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Chain is what a verification of the audit found of one chain.
type Chain struct {
	// Name is the workspace's slug, or "instance".
	Name string `json:"name"`
	// Rows is how many links were looked at.
	Rows int64 `json:"rows"`
	// Purged is the number of the last row that was deleted because the workspace
	// keeps none that is older; 0 when none was.
	Purged int64 `json:"purged,omitempty"`
	// Skipped is the number of the last row that was not looked at, because only so
	// many of the latest were asked for; 0 when all were.
	Skipped int64 `json:"skipped,omitempty"`
	// Head names the last link, name@sequence:hash: keep it elsewhere, and expect
	// it later, to notice a tail that was cut.
	Head string `json:"head"`
	// Broken says which row is wrong and how; empty when the chain is whole.
	Broken string `json:"broken,omitempty"`
	// Unsure says from which row on nobody can tell, for want of the key Lacks; 0 where
	// every key is there. A chain that is walked by its rows has it in Broken.
	Unsure string      `json:"unsure,omitempty"`
	Lacks  token.KeyID `json:"lacks,omitempty"`
}

// lacksKey ends what is said of a row that nobody can check with this keyring.
const lacksKey = ": the keyring lacks its key"

// Instance is what the instance's chain is called in a head.
const Instance = "instance"

// Reader is what a chain is read from: one snapshot, see [ledger.Reader].
type Reader interface {
	Instance() (ledger.Instance, error)
	Workspace(k ledger.WorkspaceKey) (ledger.Workspace, error)
	ledger.AuditReader
	AuditAnchor(workspace ledger.ID) (ledger.AuditAnchor, error)
}

// rowsAtOnce is how many rows of a chain are held in memory.
const rowsAtOnce = 500

// ErrBroken says that a chain of the audit is not whole, ErrUnsure that nobody can tell
// with this keyring.
var (
	ErrBroken = errors.New("the audit is not whole")
	ErrUnsure = errors.New("without it nobody can tell whether the audit is whole; look with a keyring that has it")
)

// Verify reads every chain of the audit and says whether it is whole: no
// row changed, removed, reordered or inserted but by Tokenry itself, which leaves
// an anchor where it purges and a seal where it erases. Heads that were noted
// before (see Chain.Head) must still be in their chains, or purged. It answers
// ErrBroken, and the chains with the broken rows named, when something is wrong, and
// ErrUnsure when nothing is that could be looked at.
func Verify(ctx context.Context, s ledger.Store, keys *token.Keyring, expect ...string) (chains []Chain, err error) {
	err = s.Read(ctx, func(r ledger.Reader) (err error) {
		chains, err = Check(r, keys, expect...)
		return err
	})
	return chains, err
}

// Check is Verify over one snapshot.
func Check(r Reader, keys *token.Keyring, expect ...string) ([]Chain, error) {
	ids, err := Chains(r)
	if err != nil {
		return nil, err
	}
	var chains []Chain
	for _, id := range ids {
		c, err := verifyChain(r, keys, id, expect)
		if err != nil {
			return nil, err
		}
		chains = append(chains, c.settle())
	}
	for _, head := range expect {
		chains = missingChain(chains, head)
	}
	return chains, verdict(chains)
}

func verdict(chains []Chain) error {
	for _, c := range chains {
		if c.Broken != "" {
			return fmt.Errorf("%s: %s: %w", c.Name, c.Broken, ErrBroken)
		}
	}
	for _, c := range chains {
		if c.Unsure != "" {
			return fmt.Errorf("%s: %s, number %d: %w", c.Name, c.Unsure, c.Lacks, ErrUnsure)
		}
	}
	return nil
}

// settle ends a walk: want of a key is no break.
func (c *Chain) settle() Chain {
	if c.Lacks != 0 {
		c.Unsure, c.Broken = c.Broken, ""
	}
	return *c
}

// Heads names the last link of every chain, as Chain.Head does.
func Heads(r Reader) ([]string, error) {
	ids, err := r.AuditChains()
	if err != nil {
		return nil, err
	}
	var heads []string
	for _, id := range ids {
		name, err := chainName(r, id)
		if err != nil {
			return nil, err
		}
		tip, err := r.AuditTip(id)
		if errors.Is(err, ledger.ErrNoRow) {
			continue // Check tells of it
		}
		if err != nil {
			return nil, err
		}
		heads = append(heads, headOf(name, ledger.AuditRow{Sequence: tip.Sequence, Hash: tip.Hash}))
	}
	return heads, nil
}

// chainName is a workspace's slug, or that of the instance's chain for 0.
func chainName(r Reader, id ledger.ID) (string, error) {
	if id == 0 {
		return Instance, nil
	}
	ws, err := r.Workspace(ledger.WorkspaceKey{ID: id})
	if errors.Is(err, ledger.ErrNoRow) {
		return "number " + strconv.FormatInt(id, 10), nil // no row of a workspace is ever deleted
	}
	return ws.Slug, err
}

// missingChain notes an expected head whose chain is gone altogether.
func missingChain(chains []Chain, head string) []Chain {
	name, _, _ := strings.Cut(head, "@")
	for _, c := range chains {
		if c.Name == name {
			return chains
		}
	}
	return append(chains, Chain{Name: name, Broken: "the chain with the expected head is gone"})
}

// Chains names the chains there have to be: an instance that was bootstrapped
// has events of its own.
func Chains(r Reader) ([]ledger.ID, error) {
	in, err := r.Instance()
	if err != nil {
		return nil, err
	}
	ids, err := r.AuditChains()
	if !in.BootstrappedAt.IsZero() && !slices.Contains(ids, 0) {
		ids = append([]ledger.ID{0}, ids...)
	}
	return ids, err
}

// Open begins to walk a chain, at its first link or its anchor.
func Open(r Reader, keys *token.Keyring, id ledger.ID) (c Chain, last ledger.AuditRow, err error) {
	if c.Name, err = chainName(r, id); err == nil {
		last, err = c.Begin(r, keys, id)
	}
	return c, last, err
}

// verifyChain walks one chain from its first link, or from its anchor.
func verifyChain(r Reader, keys *token.Keyring, id ledger.ID, expect []string) (Chain, error) {
	c, last, err := Open(r, keys, id)
	if err != nil || c.Broken != "" {
		return c, err
	}
	wanted := wantedHeads(c.Name, expect, last)
	last, err = c.walk(r, keys, id, last, 0, func(row ledger.AuditRow) {
		if len(wanted) > 0 {
			delete(wanted, headOf(c.Name, row))
		}
	})
	if err == nil && c.Broken == "" {
		c.end(last, wanted)
	}
	return c, err
}

// walk checks the links after one number, of which the first must follow last, and
// answers the last that is whole. While it checks some, the next are read.
func (c *Chain) walk(r Reader, keys *token.Keyring, id ledger.ID, last ledger.AuditRow, after int64, met func(ledger.AuditRow)) (ledger.AuditRow, error) {
	parts, leave := ahead(r, id, after)
	defer leave()
	h := hasher{keys: keys}
	for p := range parts {
		switch {
		case p.panicked != nil:
			panic(p.panicked)
		case p.err != nil:
			return last, p.err
		}
		for _, row := range p.rows {
			if c.check(&h, last, row); c.Broken != "" {
				return last, nil
			}
			met(row)
			last = row
			c.Rows++
		}
	}
	return last, nil
}

// part is some rows of a chain, or why there are none.
type part struct {
	rows     []ledger.AuditRow
	err      error
	panicked any
}

// ahead reads the rows after a number, in their order, some before they are asked for. Until
// leave has returned nobody else may use r.
func ahead(r Reader, id ledger.ID, after int64) (parts <-chan part, leave func()) {
	out, left := make(chan part, 1), make(chan struct{})
	hand := func(p part) (taken bool) {
		select {
		case out <- p:
			return true
		case <-left:
			return false
		}
	}
	go func() {
		defer close(out)
		defer func() {
			if panicked := recover(); panicked != nil { // it is whoever asked who has to answer for it
				hand(part{panicked: panicked})
			}
		}()
		for {
			select {
			case <-left: // also where what was handed over last was thrown away
				return
			default:
			}
			rows, err := r.AuditChain(id, after, rowsAtOnce)
			if !hand(part{rows: rows, err: err}) || err != nil || len(rows) < rowsAtOnce {
				return
			}
			after = rows[len(rows)-1].Sequence
		}
	}()
	return out, func() {
		close(left)
		for range out { // it has ended once nothing comes any more
		}
	}
}

// Begin answers what the first row of a chain follows: nothing, or the last row
// that was purged, as its anchor has it.
func (c *Chain) Begin(r Reader, keys *token.Keyring, id ledger.ID) (ledger.AuditRow, error) {
	a, err := r.AuditAnchor(id)
	if errors.Is(err, ledger.ErrNoRow) {
		return ledger.AuditRow{}, nil
	}
	if err != nil {
		return ledger.AuditRow{}, err
	}
	want, err := SealAnchor(keys, a)
	switch {
	case err != nil:
		c.Broken = "the anchor after row " + strconv.FormatInt(a.Sequence, 10) + lacksKey
		c.Lacks = a.Key
	case !hmac.Equal(want, a.Seal):
		c.Broken = "the anchor after row " + strconv.FormatInt(a.Sequence, 10) + " is forged: its seal does not fit"
	}
	c.Purged = a.Sequence
	return ledger.AuditRow{Sequence: a.Sequence, Hash: a.Hash}, nil
}

// end says what is missing after the last row.
func (c *Chain) end(last ledger.AuditRow, wanted map[string]bool) {
	c.Head = headOf(c.Name, last)
	for head := range wanted {
		c.Broken = "the expected head " + head + " is not in the chain: rows were cut from its end, or it is another chain"
	}
	if c.Rows == 0 && c.Broken == "" {
		c.Broken = "every row after row " + strconv.FormatInt(last.Sequence, 10) + " was removed"
	}
}

func headOf(name string, row ledger.AuditRow) string {
	return name + "@" + strconv.FormatInt(row.Sequence, 10) + ":" + hex.EncodeToString(row.Hash)
}

// wantedHeads are the expected ones that must be met: those from before the
// anchor were purged, and a chain that was cut does not reach it.
func wantedHeads(name string, expect []string, anchor ledger.AuditRow) map[string]bool {
	wanted := map[string]bool{}
	for _, head := range expect {
		of, place, _ := strings.Cut(head, "@")
		number, _, _ := strings.Cut(place, ":")
		n, err := strconv.ParseInt(number, 10, 64)
		if purged := err == nil && n > 0 && n < anchor.Sequence; of == name && !purged {
			wanted[head] = true
		}
	}
	delete(wanted, headOf(name, anchor))
	return wanted
}

// Check notes what is wrong with a row that follows another.
func (c *Chain) Check(keys *token.Keyring, last, row ledger.AuditRow) {
	c.check(&hasher{keys: keys}, last, row)
}

func (c *Chain) check(h *hasher, last, row ledger.AuditRow) {
	if c.Broken = checkLink(h, last, row, c.Name); strings.HasSuffix(c.Broken, lacksKey) {
		c.Lacks = row.Key
	}
}

// checkLink says what is wrong with a row that follows another.
func checkLink(h *hasher, last, row ledger.AuditRow, name string) string {
	switch {
	case last.Hash == nil && row.Sequence > max(last.Sequence, 2):
		return "the rows up to " + strconv.FormatInt(row.Sequence-1, 10) + " were removed, and no anchor says that they were purged"
	case row.Sequence > last.Sequence+1:
		return "row " + strconv.FormatInt(last.Sequence+1, 10) + " was removed"
	}
	wrong := checkNext(h, last, row, name)
	if wrong != "" {
		wrong = "row " + strconv.FormatInt(row.Sequence, 10) + wrong
	}
	return wrong
}

// checkNext is checkLink for a row of which none before is missing.
func checkNext(h *hasher, last, row ledger.AuditRow, name string) string {
	switch {
	case row.Sequence <= last.Sequence:
		return " was inserted before the anchor, where every row was purged"
	case row.Erasure != nil:
		return checkErased(h, last, row)
	}
	if wrong := checkHash(h, last, row); wrong != "" {
		return wrong
	}
	return checkPayload(row, name)
}

// checkPayload says what is wrong with what a row tells; "" for nothing.
func checkPayload(row ledger.AuditRow, name string) string {
	switch {
	case row.Payload == nil:
		return ": its payload was removed, and no seal says that it was erased"
	case !bytes.Equal(Digest(row.Salt, row.Payload), row.PayloadDigest):
		return ": its payload was changed"
	case !repeats(row, name):
		return ": its columns say other than its payload"
	}
	return ""
}

func checkHash(h *hasher, last, row ledger.AuditRow) string {
	want, err := h.hash(row.Key, last.Hash, row.Sequence, row.PayloadDigest)
	switch {
	case err != nil:
		return lacksKey
	case !hmac.Equal(want, row.Hash):
		return ": its hash does not follow from the row before"
	}
	return ""
}

// checkErased is checkLink for a row whose payload was erased: its seal stands
// for the payload.
func checkErased(h *hasher, last, row ledger.AuditRow) string {
	want, err := SealErasure(h.keys, row)
	switch {
	case err != nil:
		return lacksKey
	case !hmac.Equal(want, row.Erasure):
		return ": it was erased, and what is left of it was changed: its seal does not fit"
	case row.Payload != nil || row.Salt != nil:
		return ": it was erased, and has a payload again"
	case bytes.Equal(row.PayloadDigest, NoDigest()):
		return "" // its hash stands under the seal
	}
	return checkHash(h, last, row)
}

// NoDigest takes the place of a digest without a salt, from which an erased
// payload could be guessed.
func NoDigest() []byte { return make([]byte, sha256.Size) }

// Tail says whether the latest links of one chain are whole: so many of them, or
// all where there are fewer. The row before the first is taken as it is.
func Tail(r Reader, keys *token.Keyring, id ledger.ID, links int64) (Chain, error) {
	c, last, err := Open(r, keys, id)
	if err != nil || c.Broken != "" {
		return c.settle(), err
	}
	head, err := r.AuditTip(id)
	if err != nil && !errors.Is(err, ledger.ErrNoRow) {
		return c, err
	}
	after := int64(0)
	if head.Sequence-last.Sequence > links {
		after = head.Sequence - links
		if last, err = c.skip(r, id, after); err != nil || c.Broken != "" {
			return c, err
		}
	}
	if last, err = c.walk(r, keys, id, last, after, func(ledger.AuditRow) {}); err == nil && c.Broken == "" {
		c.end(last, nil)
	}
	return c.settle(), err
}

// skip answers the row from which on links are looked at.
func (c *Chain) skip(r Reader, id ledger.ID, sequence int64) (ledger.AuditRow, error) {
	rows, err := r.AuditChain(id, sequence-1, 1)
	if err != nil {
		return ledger.AuditRow{}, err
	}
	if len(rows) == 0 || rows[0].Sequence != sequence {
		c.Broken = "row " + strconv.FormatInt(sequence, 10) + " was removed"
		return ledger.AuditRow{}, nil
	}
	c.Skipped = sequence
	return rows[0], nil
}
