using MedCor.Contracts.Identity;
using MedCor.Platform.Replay;

namespace MedCor.Identity.Specialties;

internal sealed class SpecialtyReplay(IdentityDb db) : IReplaySource
{
    public Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct) =>
        db.Specialties.Where(s => s.Id > after.Id).OrderBy(s => s.Id).ToReplayPageAsync(
            s => new(default, s.Id), s => [new SpecialtyUpdated(s.ToContract())], ct);
}
