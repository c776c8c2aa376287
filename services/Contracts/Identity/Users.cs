namespace MedCor.Contracts.Identity;

/// <summary>Somebody with an account.</summary>
/// <param name="HospitalId">The hospital they belong to; none for a platform administrator.</param>
/// <param name="DateOfBirth">Of patients.</param>
/// <param name="LicenseNumber">Of doctors.</param>
/// <param name="YearsOfExperience">Of doctors.</param>
public sealed record User(
    Guid Id,
    Guid? HospitalId,
    string Email,
    string FirstName,
    string LastName,
    Role Role,
    string? PhoneNumber,
    DateOnly? DateOfBirth,
    string? LicenseNumber,
    int? YearsOfExperience,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>An account was opened.</summary>
public sealed record UserCreated(User User) : IntegrationEvent(User.HospitalId, User.Version)
{
    public override LiveUpdate Live => new("users", Change.Created, User, new(Callers.Staff, User.Id));
}

/// <summary>An account or its person changed.</summary>
public sealed record UserUpdated(User User) : IntegrationEvent(User.HospitalId, User.Version)
{
    public override LiveUpdate Live => new("users", Change.Updated, User, new(Callers.Staff, User.Id));
}

/// <summary>An account went out of use.</summary>
public sealed record UserDeactivated(User User) : IntegrationEvent(User.HospitalId, User.Version)
{
    public override LiveUpdate Live => new("users", Change.Deleted, User, new(Callers.Staff, User.Id));
}
