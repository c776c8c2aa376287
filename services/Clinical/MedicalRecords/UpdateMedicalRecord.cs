using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class UpdateMedicalRecordHandler(ClinicalDb db, MedicalRecordResource records, TimeProvider clock)
    : IToolHandler<UpdateMedicalRecord, Contracts.Clinical.MedicalRecord>, ICurrentStateProvider<UpdateMedicalRecord>, IParameterValidator<UpdateMedicalRecord>,
        IReplayLimiter<Contracts.Clinical.MedicalRecord>
{
    public Task AddErrorsAsync(UpdateMedicalRecord request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("status") && request.Status == RecordStatus.EnteredInError && string.IsNullOrWhiteSpace(request.Reason))
            errors.Add("reason", "must contain the reason for the withdrawal");
        return Task.CompletedTask;
    }

    public async Task<object> GetCurrentAsync(UpdateMedicalRecord request, CancellationToken ct) => await records.GetAsync(request.RecordId, ct);

    public async Task<Contracts.Clinical.MedicalRecord> LimitAsync(Contracts.Clinical.MedicalRecord result, CancellationToken ct)
    {
        var visibility = await ContentVisibility.ReadAsync(db, ct);
        var row = await visibility.WithContent(visibility.Records.Where(r => r.Id == result.Id)).AsNoTracking().SingleOrDefaultAsync(ct);
        return row is { HasContent: true } ? result : result.WithoutContent();
    }

    public async Task<Contracts.Clinical.MedicalRecord> HandleAsync(UpdateMedicalRecord request, CancellationToken ct)
    {
        var visibility = await ContentVisibility.ReadAsync(db, ct);
        var record = await visibility.Records.SingleOrDefaultAsync(r => r.Id == request.RecordId, ct) ?? throw new NotFound("medical record");
        record.ThrowIfVersionDiffers(request.ExpectedVersion);
        record.EnsureNotFinal();
        // Who may set the mark is decided before the amendment, which makes the caller the author.
        if (request.Restricted is { } isRestricted && isRestricted != record.IsRestricted && !await MayRestrictAsync(record, ct))
            throw new Forbidden("Whoever created a record and the administrators of the hospital decide whether it is restricted.");
        // Whoever amends a record becomes its author, who always sees it: what ends must not lead to that.
        var mayAmend = await visibility.AmendableRecords.AnyAsync(r => r.Id == record.Id, ct);
        if (request.ChangesContent())
        {
            if (!mayAmend)
                throw new Forbidden("You see only that the record exists, or see it because of a referral or an emergency override. "
                    + "Write a new record instead.");
            record.Amend(request);
            if (db.ChangeTracker.HasChanges()) record.AuthorId = db.Tenancy.Caller.UserId;
        }
        record.IsRestricted = request.Restricted ?? record.IsRestricted;
        // A version without changes would make readers look for a difference in vain. The audit trail records the access.
        if (!db.ChangeTracker.HasChanges()) return await ShowAsync();

        var viewers = await ContentVisibility.FindViewersAsync(db, record.HospitalId, record.PatientId, record.IsRestricted, record.Writers, ct);
        var representatives = await db.FindRepresentativesAsync(record.HospitalId, record.PatientId, ct, completely: record.IsRestricted);
        db.Add(record.NextVersion(request.Reason, db.Tenancy.Caller.UserId, clock.GetUtcNow()));
        db.Raise(() => new MedicalRecordUpdated(record.ToContract().WithoutContent(), viewers, representatives));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("medical_record_versions_pkey"))
        {
            throw new Conflict("The record was changed by another request at the same time. Read it again, then retry.");
        }
        return await ShowAsync();

        // Who cannot amend the record may see it, and an administrator who has just restricted it does not see it any more.
        async Task<Contracts.Clinical.MedicalRecord> ShowAsync() =>
            mayAmend && request.Restricted is null ? record.ToContract() : await LimitAsync(record.ToContract(), ct);
    }

    /// <summary>Returns whether the caller has created a record or administers its hospital.</summary>
    private async Task<bool> MayRestrictAsync(MedicalRecord record, CancellationToken ct)
    {
        var (kind, me) = (db.Tenancy.Caller.Kind, db.Tenancy.Caller.UserId);
        return kind == Callers.HospitalAdmin || await db.RecordVersions.AnyAsync(v => v.RecordId == record.Id && v.Version == 1 && v.AuthorId == me, ct);
    }
}
