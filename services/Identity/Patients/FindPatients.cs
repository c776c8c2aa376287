using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Patients;

internal sealed class FindPatientsHandler(IdentityDb db, PatientResource patients)
    : IToolHandler<FindPatients, Page<Patient>>, IParameterValidator<FindPatients>
{
    /// <summary>The maximum number of patients that are found.</summary>
    internal const int MaxFound = 100;

    public Task AddErrorsAsync(FindPatients request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("search", "mrn", "date_of_birth", "phone_number") && request is { Mrn: null or "", DateOfBirth: null, PhoneNumber: null }
            && string.IsNullOrWhiteSpace(request.Search))
            errors.Add("search", "is required without mrn, date_of_birth and phone_number: give one of them at least");
        return Task.CompletedTask;
    }

    public async Task<Page<Patient>> HandleAsync(FindPatients request, CancellationToken ct)
    {
        var hospital = db.Tenancy.Caller.HospitalId!.Value;
        var search = string.IsNullOrWhiteSpace(request.Search) ? null : request.Search;
        var mrn = request.Mrn is "" ? null : request.Mrn;
        // The database function reads a bounded number of rows, however many patients the hospital has. The list sorts and pages those that it finds.
        var found = await db.Database.SqlQuery<Guid>($"""
            SELECT f.id AS "Value"
            FROM find_patients({hospital}, {search}, {mrn}, {request.DateOfBirth}, {request.PhoneNumber}, {MaxFound + 1}) AS f (id)
            """).ToListAsync(ct);
        Guid[] ids = [.. found.Take(MaxFound)];
        var page = await patients.ReadPageAsync(request, list => list.WhereSelective(a => ids.Contains(a.Id)), ct);
        return found.Count > MaxFound ? page with { TotalIsExact = false } : page;
    }
}
