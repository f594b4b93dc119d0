package recall

import (
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Over puts a memo in front of a mutation's view.
func (m *Memo) Over(tx ledger.Tx) ledger.Tx {
	tx.HeadReader = headReader{tx.HeadReader, m}
	tx.WorkspaceReader = workspaceReader{tx.WorkspaceReader, m}
	tx.PeopleReader = peopleReader{tx.PeopleReader, m}
	tx.TokenReader = tokenReader{tx.TokenReader, m}
	tx.RightsReader = rightsReader{tx.RightsReader, m}
	tx.AuditReader = auditReader{tx.AuditReader, m}
	tx.NotifyReader = notifyReader{tx.NotifyReader, m}
	tx.RemovalReader = removalReader{tx.RemovalReader, m}
	tx.HeadWriter = headWriter{tx.HeadWriter, m}
	tx.PeopleWriter = peopleWriter{tx.PeopleWriter, m}
	tx.TokenWriter = tokenWriter{tx.TokenWriter, m}
	tx.RightsWriter = rightsWriter{tx.RightsWriter, m}
	tx.AuditWriter = auditWriter{tx.AuditWriter, m}
	tx.NotifyWriter = notifyWriter{tx.NotifyWriter, m}
	tx.RetentionWriter = retentionWriter{tx.RetentionWriter, m}
	tx.RemovalWriter = removalWriter{tx.RemovalWriter, m}
	return tx
}

// Each of them is a chapter with the memo in front.
type (
	headReader struct {
		ledger.HeadReader
		memo *Memo
	}
	workspaceReader struct {
		ledger.WorkspaceReader
		memo *Memo
	}
	peopleReader struct {
		ledger.PeopleReader
		memo *Memo
	}
	tokenReader struct {
		ledger.TokenReader
		memo *Memo
	}
	rightsReader struct {
		ledger.RightsReader
		memo *Memo
	}
	auditReader struct {
		ledger.AuditReader
		memo *Memo
	}
	notifyReader struct {
		ledger.NotifyReader
		memo *Memo
	}
	removalReader struct {
		ledger.RemovalReader
		memo *Memo
	}
)

func (r headReader) Instance() (ledger.Instance, error) {
	return ask(r.memo, instances, nil, r.HeadReader.Instance)
}

func (r workspaceReader) Workspace(k ledger.WorkspaceKey) (ledger.Workspace, error) {
	return ask(r.memo, workspaces, k, func() (ledger.Workspace, error) { return r.WorkspaceReader.Workspace(k) })
}

func (r peopleReader) User(k ledger.UserKey) (ledger.User, error) {
	return ask(r.memo, users, k, func() (ledger.User, error) { return r.PeopleReader.User(k) })
}

type memberOf struct {
	workspace ledger.ID
	ledger.MemberKey
}

func (r peopleReader) Member(ws ledger.ID, k ledger.MemberKey) (ledger.Member, error) {
	return ask(r.memo, members, memberOf{ws, k}, func() (ledger.Member, error) { return r.PeopleReader.Member(ws, k) })
}

type accountOf struct {
	workspace ledger.ID
	ledger.ServiceAccountKey
}

func (r peopleReader) ServiceAccount(ws ledger.ID, k ledger.ServiceAccountKey) (ledger.ServiceAccount, error) {
	return ask(r.memo, accounts, accountOf{ws, k}, func() (ledger.ServiceAccount, error) { return r.PeopleReader.ServiceAccount(ws, k) })
}

func (r tokenReader) Token(l token.Locator) (ledger.Token, error) {
	t, err := ask(r.memo, tokens, l, func() (ledger.Token, error) { return r.TokenReader.Token(l) })
	if err == nil {
		if r.memo.locators == nil {
			r.memo.locators = map[ledger.ID]token.Locator{}
		}
		r.memo.locators[t.ID] = l
	}
	return t, err
}

func (r tokenReader) Secrets(t ledger.ID) ([]ledger.Secret, error) {
	return ask(r.memo, secrets, t, func() ([]ledger.Secret, error) { return r.TokenReader.Secrets(t) })
}

func (r rightsReader) CatalogueStamp(ws ledger.ID) (string, error) {
	return ask(r.memo, stamps, ws, func() (string, error) { return r.RightsReader.CatalogueStamp(ws) })
}

type resourceOf struct {
	workspace ledger.ID
	name      string
}

func (r rightsReader) Resource(ws ledger.ID, name string) (ledger.Resource, error) {
	return ask(r.memo, resources, resourceOf{ws, name}, func() (ledger.Resource, error) { return r.RightsReader.Resource(ws, name) })
}

func (r auditReader) AuditTip(ws ledger.ID) (ledger.AuditTip, error) {
	return ask(r.memo, tips, ws, func() (ledger.AuditTip, error) { return r.AuditReader.AuditTip(ws) })
}

func (r notifyReader) Subscribed(ws ledger.ID) ([]ledger.Webhook, error) {
	return ask(r.memo, endpoints, ws, func() ([]ledger.Webhook, error) { return r.NotifyReader.Subscribed(ws) })
}

func (r removalReader) Removals() ([]ledger.Removal, error) {
	return ask(r.memo, removals, nil, r.RemovalReader.Removals)
}

// Each of them forgets what it writes, also when it fails.
type (
	headWriter struct {
		ledger.HeadWriter
		memo *Memo
	}
	peopleWriter struct {
		ledger.PeopleWriter
		memo *Memo
	}
	tokenWriter struct {
		ledger.TokenWriter
		memo *Memo
	}
	rightsWriter struct {
		ledger.RightsWriter
		memo *Memo
	}
	auditWriter struct {
		ledger.AuditWriter
		memo *Memo
	}
	notifyWriter struct {
		ledger.NotifyWriter
		memo *Memo
	}
	retentionWriter struct {
		ledger.RetentionWriter
		memo *Memo
	}
	removalWriter struct {
		ledger.RemovalWriter
		memo *Memo
	}
)

func (w headWriter) PutInstance(v ledger.Instance) error {
	w.memo.writes(instances)
	return w.HeadWriter.PutInstance(v)
}

// NewID knows that a row which begins has no secrets.
func (w headWriter) NewID() ledger.ID {
	id := w.HeadWriter.NewID()
	w.memo.put(secrets, id, answer[[]ledger.Secret]{})
	return id
}

// Settle moves times in many tables.
func (w headWriter) Settle(at time.Time) error {
	w.memo.writesAll()
	return w.HeadWriter.Settle(at)
}

func (w peopleWriter) PutWorkspace(v ledger.Workspace) error {
	w.memo.writes(workspaces)
	return w.PeopleWriter.PutWorkspace(v)
}

// PutUser changes what is read with a member too.
func (w peopleWriter) PutUser(v ledger.User) error {
	w.memo.writes(users, members)
	return w.PeopleWriter.PutUser(v)
}

func (w peopleWriter) PutMember(v ledger.Member) error {
	w.memo.writes(members)
	return w.PeopleWriter.PutMember(v)
}

func (w peopleWriter) PutServiceAccount(v ledger.ServiceAccount) error {
	w.memo.writes(accounts)
	return w.PeopleWriter.PutServiceAccount(v)
}

// PutToken forgets the row by its number, and whoever was not found by its locator.
func (w tokenWriter) PutToken(v ledger.Token) error {
	w.memo.writesToken(v.ID)
	w.memo.writesLocator(v.Locator)
	return w.TokenWriter.PutToken(v)
}

// PutSecret knows the first one of a token of which it knew that it had none.
func (w tokenWriter) PutSecret(v ledger.Secret) error {
	had, known := w.memo.rows[secrets][v.Token].(answer[[]ledger.Secret])
	w.memo.writesSecrets(v.Token)
	err := w.TokenWriter.PutSecret(v)
	if err == nil && known && len(had.value) == 0 && v.Origin == nil {
		for _, at := range []*time.Time{&v.RetiresAt, &v.EndedAt, &v.FirstUsedAt, &v.CreatedAt} {
			*at = asStored(*at)
		}
		w.memo.put(secrets, v.Token, answer[[]ledger.Secret]{value: copied([]ledger.Secret{v})})
	}
	return err
}

func (w tokenWriter) DeleteSecrets(t ledger.ID, keep int) error {
	w.memo.writesSecrets(t)
	return w.TokenWriter.DeleteSecrets(t, keep)
}

func (w rightsWriter) PutRole(v ledger.Role) error {
	w.memo.writes(stamps)
	return w.RightsWriter.PutRole(v)
}

func (w rightsWriter) DeleteRole(ws ledger.ID, name string) error {
	w.memo.writes(stamps)
	return w.RightsWriter.DeleteRole(ws, name)
}

func (w rightsWriter) PutScope(v ledger.Scope) error {
	w.memo.writes(stamps)
	return w.RightsWriter.PutScope(v)
}

func (w rightsWriter) DeleteScope(ws ledger.ID, name string) error {
	w.memo.writes(stamps)
	return w.RightsWriter.DeleteScope(ws, name)
}

func (w rightsWriter) DeleteCatalogue(ws ledger.ID) error {
	w.memo.writes(stamps)
	return w.RightsWriter.DeleteCatalogue(ws)
}

func (w rightsWriter) PutResource(v ledger.Resource) error {
	w.memo.writes(resources)
	return w.RightsWriter.PutResource(v)
}

func (w rightsWriter) DeleteResource(ws ledger.ID, name string) error {
	w.memo.writes(resources)
	return w.RightsWriter.DeleteResource(ws, name)
}

// AppendAudit knows what the end of the chain is from now on, if it knew it before.
func (w auditWriter) AppendAudit(v ledger.AuditRow) error {
	tip, known := w.memo.rows[tips][v.Workspace].(answer[ledger.AuditTip])
	w.memo.writesTip(v.Workspace)
	err := w.AuditWriter.AppendAudit(v)
	if err == nil && known && v.Sequence > tip.value.Sequence {
		v.At = asStored(v.At)
		w.memo.put(tips, v.Workspace, answer[ledger.AuditTip]{value: copied(v.Tip())})
	}
	return err
}

func (w notifyWriter) PutWebhook(v ledger.Webhook) error {
	w.memo.writes(endpoints)
	return w.NotifyWriter.PutWebhook(v)
}

func (w notifyWriter) DeleteWebhook(id ledger.ID) error {
	w.memo.writes(endpoints)
	return w.NotifyWriter.DeleteWebhook(id)
}

func (w retentionWriter) PurgeAudit(v ledger.AuditAnchor) error {
	w.memo.writes(tips)
	return w.RetentionWriter.PurgeAudit(v)
}

func (w retentionWriter) EraseAudit(v ledger.AuditRow) error {
	w.memo.writes(tips)
	return w.RetentionWriter.EraseAudit(v)
}

func (w retentionWriter) DeleteToken(id ledger.ID) error {
	w.memo.writesToken(id)
	w.memo.writesSecrets(id)
	return w.RetentionWriter.DeleteToken(id)
}

func (w retentionWriter) DeleteMember(id ledger.ID) error {
	w.memo.writes(members)
	return w.RetentionWriter.DeleteMember(id)
}

func (w retentionWriter) DeleteServiceAccount(id ledger.ID) error {
	w.memo.writes(accounts)
	return w.RetentionWriter.DeleteServiceAccount(id)
}

func (w removalWriter) PutRemoval(v ledger.Removal) error {
	w.memo.writes(removals)
	return w.RemovalWriter.PutRemoval(v)
}

func (w removalWriter) DeleteRemoval(id ledger.ID) error {
	w.memo.writes(removals)
	return w.RemovalWriter.DeleteRemoval(id)
}
