using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class GetMedicalRecordHandler(VisibleRecords records) : IHandle<GetMedicalRecord, Contracts.Clinical.MedicalRecord>
{
    public Task<Contracts.Clinical.MedicalRecord> Handle(GetMedicalRecord asked, CancellationToken ct) => records.Get(asked.RecordId, ct);
}
