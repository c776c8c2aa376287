using MedCor.Contracts.Hospital;
using MedCor.Platform.Replay;

namespace MedCor.Hospital.Hospitals;

internal sealed class HospitalReplay(HospitalDb db) : IReplaySource
{
    public Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct) =>
        db.Hospitals.Where(h => h.Id > after.Id).OrderBy(h => h.Id).ToReplayPageAsync(
            h => new(default, h.Id), h => [h.ToEvent(h.IsActive ? c => new HospitalUpdated(c) : c => new HospitalDeactivated(c))], ct);
}
