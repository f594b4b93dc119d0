package console

import (
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
)

// deviceData is the page on which a person lets a command line act for them.
type deviceData struct {
	form.Form
	code string
	// asked is who waits behind the code; nil until it was typed.
	asked      *door.DeviceRequest
	workspaces []string
}

// device asks for the code. It is typed and never part of an address: a link
// that holds one is how somebody else's terminal would be smuggled in.
func (v *visit) device() error {
	return v.Page("Connect a terminal", deviceCodePage(deviceData{Form: form.New(nil)}))
}

func (v *visit) doDevice() error {
	d := deviceData{Form: v.Typed()}
	d.code = d.Get("code")
	return v.deviceShown(d)
}

// deviceShown shows what waits behind a code, so that its person can judge it.
func (v *visit) deviceShown(d deviceData) error {
	asked, err := v.Devices.DeviceLook(v.Ctx(), v.Session, d.code)
	if err != nil {
		if d.Form, err = reception.Refused(d.Form, err); err != nil {
			return err
		}
		return v.Again("Connect a terminal", deviceCodePage(d))
	}
	d.asked, d.code = &asked, door.CodeAsShown(d.code)
	if d.workspaces, err = v.memberships(); err != nil {
		return err
	}
	if w := asked.Workspace; w != "" {
		d.workspaces = slices.DeleteFunc(d.workspaces, func(slug string) bool { return slug != w })
	}
	if d.Err != nil {
		return v.Again("Connect a terminal", devicePage(v, d))
	}
	return v.Page("Connect a terminal", devicePage(v, d))
}

// memberships are the workspaces that the visitor is an active member of.
func (v *visit) memberships() ([]string, error) {
	slugs, err := v.mySlugs()
	var out []string
	for _, slug := range slugs {
		m, err := v.Office.GetMember(v.Ctx(), v.Caller, slug, "me")
		switch {
		case err == nil && m.Active:
			out = append(out, slug)
		case errors.Is(err, api.CodeInternal), api.NotNow(err):
			return nil, err
		}
	}
	return out, err
}

func (v *visit) doDeviceAnswer() error {
	d := deviceData{Form: v.Typed()}
	d.code = d.Get("code")
	if d.Get("answer") != "approve" {
		if err := v.Devices.DeviceDeny(v.Ctx(), v.Session, d.code); err != nil {
			return err
		}
		return v.Done(securityHome, "denied")
	}
	err := v.Devices.DeviceApprove(v.Ctx(), v.Session, d.code, d.Get("workspace"))
	if err == nil {
		return v.Done("/settings/tokens", "approved")
	}
	if d.Form, err = reception.Refused(d.Form, err); err != nil {
		return err
	}
	return v.deviceShown(d)
}
