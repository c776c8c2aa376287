using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Querying;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class GetMedicalRecordHistoryHandler(ClinicalDb db)
    : IToolHandler<GetMedicalRecordHistory, Page<MedicalRecordVersion>>, IParameterValidator<GetMedicalRecordHistory>
{
    private static readonly QueryableFields<RecordVersion> Fields = new("-version", v => v.RecordId) { { "version", v => v.Version } };

    public Task AddErrorsAsync(GetMedicalRecordHistory request, ParameterErrors errors, CancellationToken ct)
    {
        if (Fields.FindSortError(request.Sort) is { } wrong) errors.Add("sort", wrong);
        return Task.CompletedTask;
    }

    public async Task<Page<MedicalRecordVersion>> HandleAsync(GetMedicalRecordHistory request, CancellationToken ct)
    {
        var visibility = await ContentVisibility.ReadAsync(db, ct);
        var found = await visibility.WithContent(visibility.Records.Where(r => r.Id == request.RecordId)).AsNoTracking().SingleOrDefaultAsync(ct)
            ?? throw new NotFound("medical record");
        var record = found.Row;
        var versions = db.RecordVersions.Where(v => v.HospitalId == record.HospitalId && v.RecordId == record.Id);
        return await ListQuery<RecordVersion>.Create(db, Fields, versions, request).ReadPageAsync(v => v,
            v => v.ToContractWith(found.HasContent, record), ct);
    }
}
