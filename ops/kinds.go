package ops

import "slices"

// Kinds lists every operation by name, as its zero value. Sources and schemas
// of other formats are derived from these types. The map is the caller's own.
func Kinds() map[string]Operation {
	kinds := make(map[string]Operation)
	for _, op := range slices.Concat(
		tableKinds(), columnKinds(), partKinds(), propertyKinds(), viewKinds(), dictionaryKinds(),
		objectKinds(), accessKinds(), dataKinds(), escapeHatches(),
	) {
		kinds[KindOf(op)] = op
	}
	return kinds
}

func tableKinds() []Operation {
	return []Operation{
		CreateTable{},
		DropTable{},
		RenameTable{},
		RenameTables{},
		ExchangeTables{},
		TruncateTable{},
		DetachTable{},
		AttachTable{},
		CommentTable{},
	}
}

func columnKinds() []Operation {
	return []Operation{
		AddColumn{}, DropColumn{}, ModifyColumn{}, RenameColumn{}, ClearColumn{}, MaterializeColumn{},
	}
}

// partKinds are indexes, projections and constraints.
func partKinds() []Operation {
	return []Operation{
		AddIndex{},
		AddIndexes{},
		DropIndex{},
		DropIndexes{},
		MaterializeIndex{},
		ClearIndex{},
		AddProjection{},
		DropProjection{},
		MaterializeProjection{},
		ClearProjection{},
		AddConstraint{},
		DropConstraint{},
	}
}

// propertyKinds are the clauses and settings of a table.
func propertyKinds() []Operation {
	return []Operation{
		ModifyTTL{},
		RemoveTTL{},
		MaterializeTTL{},
		ModifySettings{},
		ResetSettings{},
		ModifyOrderBy{},
		ModifySampleBy{},
		RemoveSampleBy{},
	}
}

func viewKinds() []Operation {
	return []Operation{CreateView{}, CreateMaterializedView{}, ModifyQuery{}, DropView{}}
}

func dictionaryKinds() []Operation {
	return []Operation{CreateDictionary{}, ReplaceDictionary{}, DropDictionary{}, ReloadDictionary{}}
}

// objectKinds are databases, functions and named collections.
func objectKinds() []Operation {
	return []Operation{
		CreateDatabase{}, DropDatabase{}, CreateFunction{}, DropFunction{}, CreateNamedCollection{}, DropNamedCollection{},
	}
}

func accessKinds() []Operation {
	return []Operation{
		CreateUser{},
		AlterUser{},
		DropUser{},
		CreateRole{},
		AlterRole{},
		DropRole{},
		CreateRowPolicy{},
		AlterRowPolicy{},
		DropRowPolicy{},
		CreateQuota{},
		AlterQuota{},
		DropQuota{},
		CreateSettingsProfile{},
		AlterSettingsProfile{},
		DropSettingsProfile{},
		Grant{},
		Revoke{},
	}
}

// dataKinds change rows.
func dataKinds() []Operation {
	return []Operation{
		Update{},
		Delete{},
		LightweightDelete{},
		InsertSelect{},
		Optimize{},
		DropPartition{},
		DetachPartition{},
		AttachPartition{},
		ReplacePartition{},
		MovePartition{},
		FreezePartition{},
		UnfreezePartition{},
	}
}

func escapeHatches() []Operation { return []Operation{RunSQL{}, RunBlock{}, RunGo{}, When{}} }
