using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

internal sealed class DeleteHospitalHandler(HospitalDb db) : IToolHandler<DeleteHospital, Contracts.Hospital.Hospital>
{
    public async Task<Contracts.Hospital.Hospital> HandleAsync(DeleteHospital request, CancellationToken ct)
    {
        var hospital = await db.Hospitals.SingleOrDefaultAsync(h => h.Id == request.HospitalId, ct) ?? throw new NotFound("hospital");
        if (!hospital.IsActive) return hospital.ToContract();

        hospital.IsActive = false;
        hospital.RaiseChanged(db, h => new HospitalDeactivated(h));
        await db.SaveChangesAsync(ct);
        return hospital.ToContract();
    }
}
