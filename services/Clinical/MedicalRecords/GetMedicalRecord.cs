using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class GetMedicalRecordHandler(MedicalRecordResource records) : IToolHandler<GetMedicalRecord, Contracts.Clinical.MedicalRecord>
{
    public Task<Contracts.Clinical.MedicalRecord> HandleAsync(GetMedicalRecord request, CancellationToken ct) => records.GetAsync(request.RecordId, ct);
}
