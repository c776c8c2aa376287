using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.History;

namespace MedCor.Identity.Specialties;

internal sealed class TellSpecialties(IdentityDb db) : ITellHistory
{
    public Task<IReadOnlyList<Told>> Tell(RowKey after, CancellationToken ct) => db.Specialties.Where(s => s.Id > after.Id).OrderBy(s => s.Id).Page(
        s => new(default, s.Id), s => [new SpecialtyUpdated(s.ToContract())], ct);
}
