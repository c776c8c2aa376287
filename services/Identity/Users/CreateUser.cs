using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Passwords;
using MedCor.ServiceDefaults.Copies;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

internal sealed class CreateUserHandler(IdentityDb db, HospitalCopies hospitals, EmailUniqueness freeEmail, PasswordHasher hashes) : IToolHandler<CreateUser, User>, IToolPreparation<CreateUser>
{
    private Guid? _hospital;
    private string _passwordHash = "";

    public async Task PrepareAsync(CreateUser request, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        if (caller.IsOneOf(Callers.Nurse) && request.Role != Role.Patient) throw new Forbidden("Nurses open accounts for patients alone.");
        var errors = new Dictionary<string, List<string>>();
        RoleFieldRules.AddErrors(errors, request.Role, request.DateOfBirth, request.LicenseNumber, request.YearsOfExperience, isAvailable: null, current: null);
        _hospital = request.HospitalId ?? caller.HospitalId;
        if (_hospital is null && request.Role != Role.Admin) errors.AddError("hospital_id", "is required: only platform administrators belong to no hospital");
        if (PasswordPolicy.FindError(request.Password, request.Email, request.FirstName, request.LastName) is { } wrong) errors.AddError("password", wrong);
        if (errors.Count > 0) throw new ValidationFailed(errors);
        // Another hospital does not exist, as far as somebody of this one may know.
        if (caller.HospitalId is { } own && _hospital != own) throw new NotFound("hospital");
        await freeEmail.EnsureAvailableAsync(request.Email, ct);
        if (_hospital is { } id) (await hospitals.FindAsync(id, ct) ?? throw new NotFound("hospital")).EnsureActive();
        _passwordHash = await hashes.HashAsync(request.Password, ct);
    }

    public async Task<User> HandleAsync(CreateUser request, CancellationToken ct)
    {
        var account = new Account
        {
            HospitalId = _hospital,
            Email = request.Email,
            FirstName = request.FirstName,
            LastName = request.LastName,
            Role = request.Role,
            PhoneNumber = request.PhoneNumber,
            DateOfBirth = request.DateOfBirth,
            LicenseNumber = request.LicenseNumber,
            YearsOfExperience = request.YearsOfExperience,
        };
        db.Add(account);
        db.Add(new Credential { UserId = account.Id, PasswordHash = _passwordHash });
        account.RaiseChanged(db, user => new UserCreated(user), isNew: true);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("users_email"))
        {
            throw EmailUniqueness.EmailTaken();
        }
        return account.ToUser();
    }
}
