using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Patients;

internal sealed class ListPatientsHandler(IdentityDb db) : IHandle<ListPatients, Page<Patient>>
{
    private static readonly SortFields<Account> Sort = new SortFields<Account>("last_name,first_name")
    {
        { "last_name", a => a.LastName },
        { "first_name", a => a.FirstName },
        { "email", a => a.EmailKey },
        { "date_of_birth", a => a.DateOfBirth },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }.Then(a => a.Id);

    public Task<Page<Patient>> Handle(ListPatients asked, CancellationToken ct)
    {
        var patients = db.Seen().Where(a => a.Role == Role.Patient);
        if (asked.HospitalId is { } hospital) patients = patients.Where(a => a.HospitalId == hospital);
        if (asked.IsActive is { } active) patients = patients.Where(a => a.IsActive == active);
        if (asked.DateOfBirth is { } born) patients = patients.Where(a => a.DateOfBirth == born);
        if (asked.Search is { Length: > 0 } search)
        {
            var like = Like.Containing(search);
            patients = patients.Where(a => EF.Functions.ILike(a.FirstName + " " + a.LastName, like) || EF.Functions.ILike(a.Email, like));
        }
        return patients.Page(asked, Sort, a => a.ToPatient(), ct);
    }
}
