package authority

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/token"
)

// Chain is what a verification of the audit found of one chain.
type Chain struct {
	// Name is the workspace's slug, or "instance".
	Name string `json:"name"`
	// Rows is how many links were looked at.
	Rows int64 `json:"rows"`
	// Head names the last link, name@sequence:hash: keep it elsewhere, and expect
	// it later, to notice a tail that was cut.
	Head string `json:"head"`
	// Broken says which row is wrong and how; empty when the chain is whole.
	Broken string `json:"broken,omitempty"`
}

const instanceChain = "instance"

// ErrBroken says that a chain of the audit is not whole.
var ErrBroken = errors.New("the audit is not whole")

// VerifyAudit reads every chain of the audit and says whether it is whole: no
// row changed, removed, reordered or inserted. Heads that were noted before
// (see Chain.Head) must still be in their chains. It answers ErrBroken, and the
// chains with the broken rows named, when something is wrong.
func VerifyAudit(ctx context.Context, s Store, keys *token.Keyring, expect ...string) ([]Chain, error) {
	var chains []Chain
	err := s.Read(ctx, func(r Reader) error {
		ids, err := r.AuditChains()
		if err != nil {
			return err
		}
		for _, id := range ids {
			c, err := verifyChain(r, keys, id, expect)
			if err != nil {
				return err
			}
			chains = append(chains, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, head := range expect {
		chains = missingChain(chains, head)
	}
	for _, c := range chains {
		if c.Broken != "" {
			return chains, fmt.Errorf("%s: %s: %w", c.Name, c.Broken, ErrBroken)
		}
	}
	return chains, nil
}

// AuditHeads names the last link of every chain, as Chain.Head does.
func AuditHeads(r Reader) ([]string, error) {
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
		row, err := r.AuditHead(id)
		if err != nil {
			return nil, err
		}
		heads = append(heads, headOf(name, row))
	}
	return heads, nil
}

// chainName is a workspace's slug, or that of the instance's chain for 0.
func chainName(r Reader, id ID) (string, error) {
	if id == 0 {
		return instanceChain, nil
	}
	ws, err := r.Workspace(WorkspaceKey{ID: id})
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

// verifyChain walks one chain from its first link.
func verifyChain(r Reader, keys *token.Keyring, id ID, expect []string) (Chain, error) {
	var c Chain
	var err error
	if c.Name, err = chainName(r, id); err != nil {
		return c, err
	}
	wanted := wantedHeads(c.Name, expect)
	var last AuditRow
	for c.Broken == "" {
		rows, err := r.AuditChain(id, last.Sequence, maxPage)
		if err != nil {
			return c, err
		}
		for _, row := range rows {
			if c.Broken = checkLink(keys, last, row, c.Name); c.Broken != "" {
				return c, nil
			}
			delete(wanted, headOf(c.Name, row))
			last = row
			c.Rows++
		}
		if len(rows) < maxPage {
			break
		}
	}
	c.Head = headOf(c.Name, last)
	for head := range wanted {
		c.Broken = "the expected head " + head + " is not in the chain: rows were cut from its end, or it is another chain"
	}
	return c, nil
}

func headOf(name string, row AuditRow) string {
	return name + "@" + strconv.FormatInt(row.Sequence, 10) + ":" + hex.EncodeToString(row.Hash)
}

func wantedHeads(name string, expect []string) map[string]bool {
	wanted := map[string]bool{}
	for _, head := range expect {
		if strings.HasPrefix(head, name+"@") {
			wanted[head] = true
		}
	}
	return wanted
}

// checkLink says what is wrong with a row that follows another.
func checkLink(keys *token.Keyring, last, row AuditRow, name string) string {
	at := "row " + strconv.FormatInt(row.Sequence, 10)
	if row.Sequence != last.Sequence+1 {
		return "row " + strconv.FormatInt(last.Sequence+1, 10) + " was removed"
	}
	want, err := chainHash(keys, row.Key, last.Hash, row.Sequence, row.PayloadDigest)
	switch {
	case err != nil:
		return at + ": the keyring lacks its key"
	case !bytes.Equal(want, row.Hash):
		return at + ": its hash does not follow from the row before"
	case row.Payload == nil:
		return "" // erased on purpose: the digest still stands in the chain
	}
	if digest := sha256.Sum256(row.Payload); !bytes.Equal(digest[:], row.PayloadDigest) {
		return at + ": its payload was changed"
	}
	if !repeats(row, name) {
		return at + ": its columns say other than its payload"
	}
	return ""
}

// repeats says whether the columns of a row say what its payload says.
func repeats(row AuditRow, name string) bool {
	var p payload
	if json.Unmarshal(row.Payload, &p) != nil {
		return false
	}
	return p.Action == row.Action && p.Actor == row.Actor && p.ActorToken == row.ActorToken && p.OnBehalf == row.OnBehalf &&
		p.Target == row.Target && p.Token == row.Token && p.Revision == row.Revision &&
		p.At == row.At.UTC().Format(timeFormat) && (p.Workspace == name || p.Workspace == "" && name == instanceChain)
}
