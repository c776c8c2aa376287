using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

/// <summary>Determines which hospitals exist from the hospitals themselves, of which this service keeps no copies.</summary>
internal sealed class HospitalDirectory(HospitalDb db) : IHospitalDirectory
{
    public Task<bool> ExistsAsync(Guid id, CancellationToken ct) => db.Hospitals.AnyAsync(h => h.Id == id, ct);
}
