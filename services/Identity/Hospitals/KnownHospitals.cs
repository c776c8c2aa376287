using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Hospitals;

/// <summary>The hospitals, as far as Identity must know them: from their events, and from the Hospital service for the moment before an event arrives.</summary>
internal sealed class KnownHospitals(IdentityDb db, OtherServices others)
{
    /// <summary>Throws <see cref="Missing"/> or <see cref="Conflict"/> when nobody can join that hospital.</summary>
    internal async Task RequireActive(Guid id, CancellationToken ct)
    {
        var isActive = await IsActive(id, ct);
        if (isActive is null)
        {
            var hospital = await others.Ask(new GetHospital(id), ct) ?? throw new Missing("hospital");
            await Keep(hospital, ct);
            isActive = hospital.IsActive;
        }
        if (isActive is false) throw new Conflict("The hospital is out of use.");
    }

    /// <summary>Whether a hospital is in use; null when it is not known here.</summary>
    internal Task<bool?> IsActive(Guid id, CancellationToken ct) =>
        db.Hospitals.Where(h => h.HospitalId == id).Select(h => (bool?)h.IsActive).SingleOrDefaultAsync(ct);

    /// <summary>Keeps what is news. In one statement, since the event and an answer may come at the same moment.</summary>
    internal Task Keep(Hospital hospital, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO hospitals (hospital_id, is_active, version) VALUES ({hospital.Id}, {hospital.IsActive}, {hospital.Version})
        ON CONFLICT (hospital_id) DO UPDATE SET is_active = excluded.is_active, version = excluded.version WHERE hospitals.version < excluded.version
        """, ct);
}
