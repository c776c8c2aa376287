using MedCor.Contracts.Identity;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Identity.Merges;

/// <summary>Defines the list of merges, of which a hospital has few.</summary>
internal sealed class MergeResource(IdentityDb db) : QueryableResource<Merge, PatientMerge>(db)
{
    private static readonly QueryableFields<Merge> QueryFields = new("-created_at", m => m.Id)
    {
        { "status", m => m.Status },
        { "created_at", m => m.CreatedAt },
        { "updated_at", m => m.UpdatedAt },
    };

    protected override QueryableFields<Merge> Fields => QueryFields;
    protected override string EntityName => "merge";
    protected override IQueryable<Merge> Rows => db.Merges;
    protected override PatientMerge ToContract(Merge row) => row.ToContract();
}
