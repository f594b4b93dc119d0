package scim

// provider is /ServiceProviderConfig.
func (f frame) provider() document {
	no := document{"supported": false}
	return document{
		"schemas": []any{schemaProvider}, "documentationUri": f.help,
		"patch": document{"supported": true}, "etag": document{"supported": true}, "sort": no, "changePassword": no,
		"bulk":   document{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": document{"supported": true, "maxResults": maxCount},
		"authenticationSchemes": []document{{
			"type": "oauthbearertoken", "name": "A token of Tokenry", "primary": true,
			"description": "Authorization: Bearer with a token of the workspace that has members:read, members:write, roles:read and roles:write.",
		}},
		"meta": document{"resourceType": "ServiceProviderConfig", "location": f.base + "/ServiceProviderConfig"},
	}
}

// resourceTypes are /ResourceTypes.
func (f frame) resourceTypes() []document {
	of := func(name, endpoint, schema, about string) document {
		return document{"schemas": []any{schemaType}, "id": name, "name": name, "endpoint": endpoint, "schema": schema, "description": about,
			"meta": document{"resourceType": "ResourceType", "location": f.base + "/ResourceTypes/" + name}}
	}
	return []document{of("User", "/Users", schemaUser, "A member of the workspace."), of("Group", "/Groups", schemaGroup, "A role on the entire portfolio.")}
}

// schemas are /Schemas.
func (f frame) schemas() []document {
	of := func(id, name, about string, all []attribute) document {
		return document{"schemas": []any{schemaSchema}, "id": id, "name": name, "description": about, "attributes": described(all),
			"meta": document{"resourceType": "Schema", "location": f.base + "/Schemas/" + id}}
	}
	return []document{
		of(schemaUser, "User", "A member of the workspace.", userSchema()),
		of(schemaGroup, "Group", "A role on the entire portfolio.", groupSchema()),
	}
}

// described writes attributes as RFC 7643, section 7, has them.
func described(all []attribute) []document {
	out := make([]document, len(all))
	for i, a := range all {
		d := document{
			"name": a.name, "type": a.kind, "multiValued": a.multi, "description": a.about, "required": a.required,
			"mutability": word(a.writable, "readWrite", "readOnly"),
			"returned":   "default", "uniqueness": word(a.unique, "server", "none"),
		}
		switch a.kind {
		case stringKind:
			d["caseExact"] = a.exact
		case referenceKind:
			d["caseExact"], d["referenceTypes"] = a.exact, a.types
		case complexKind:
			d["subAttributes"] = described(a.subs)
		}
		out[i] = d
	}
	return out
}

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
