using MedCor.Clinical.People;
using MedCor.Clinical.Scheduling;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class ListMedicalRecordsHandler(MedicalRecordResource records, HospitalDayBounds days, PersonCopies people)
    : IToolHandler<ListMedicalRecords, Page<Contracts.Clinical.MedicalRecord>>, IParameterValidator<ListMedicalRecords>
{
    public Task AddErrorsAsync(ListMedicalRecords request, ParameterErrors errors, CancellationToken ct)
    {
        errors.AddDateRange(request.DateFrom, request.DateTo);
        return Task.CompletedTask;
    }

    public async Task<Page<Contracts.Clinical.MedicalRecord>> HandleAsync(ListMedicalRecords request, CancellationToken ct)
    {
        var (from, before) = await days.ToInstantsAsync(request.DateFrom, request.DateTo, ct);

        return await people.ListAsync(request.PatientId, patientId => records.ReadPageAsync(request, list => list
            .Where("patient_id", patientId)
            .Where("record_type", request.RecordType)
            .From("created_at", from)
            .Before("created_at", before), ct), ct);
    }
}
