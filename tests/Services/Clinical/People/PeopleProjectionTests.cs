using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Clinical.People;

/// <summary>Tests the local copies of people when events arrive late or out of order, through a real broker.</summary>
public sealed class PeopleProjectionTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    /// <summary>A hospital of this test alone, because other services also handle the events of these people.</summary>
    private static readonly Guid Hospital = Guid.CreateVersion7();

    [Fact]
    public async Task Late_events_do_not_overwrite_newer_ones()
    {
        var person = Someone(Role.Patient, version: 1);
        await broker.PublishTo("clinical", new UserDeactivated(person with { IsActive = false, LastName = "Married", Version = 3 }));
        await broker.PublishTo("clinical", new UserUpdated(person with { LastName = "Married", Version = 2 }));
        await broker.PublishTo("clinical", new UserCreated(person));
        Assert.Equal(1, await broker.QueryNumber("clinical",
            "SELECT count(*) FROM people WHERE id = $1 AND last_name = 'Married' AND NOT is_active AND version = 3", person.Id));
    }

    [Fact]
    public async Task Availability_is_versioned_separately_from_personal_data()
    {
        var person = Someone(Role.Doctor, version: 1);
        var doctor = DoctorOf(person);

        // One change is published as two events of the same version, and either may arrive first.
        await broker.PublishTo("clinical", new UserUpdated(person with { Version = 4 }));
        await broker.PublishTo("clinical", new DoctorUpdated(doctor with { IsAvailable = false, Version = 4 }));
        await broker.PublishTo("clinical", new DoctorUpdated(doctor with { IsAvailable = true, Version = 2 }));
        await broker.PublishTo("clinical", new UserUpdated(person with { FirstName = "Old", Version = 3 }));
        Assert.Equal(1, await broker.QueryNumber("clinical",
            "SELECT count(*) FROM people WHERE id = $1 AND NOT is_available AND first_name = 'Late' AND version = 4", person.Id));
    }

    [Fact]
    public async Task A_former_doctor_becomes_a_patient_in_any_order_of_events()
    {
        var person = Someone(Role.Doctor, version: 1);
        await broker.PublishTo("clinical", new UserCreated(person));

        await broker.PublishTo("clinical", new DoctorUpdated(DoctorOf(person) with { IsActive = false, Version = 2 }));
        await broker.PublishTo("clinical", new UserUpdated(person with { Role = Role.Patient, Version = 2 }));

        Assert.Equal(1,
            await broker.QueryNumber("clinical", "SELECT count(*) FROM people WHERE id = $1 AND role = 'PATIENT' AND is_active AND version = 2", person.Id));
    }

    private static Doctor DoctorOf(User person) => new(
        Id: person.Id,
        HospitalId: Hospital,
        Email: person.Email!,
        FirstName: "Late",
        LastName: "News",
        PhoneNumber: null,
        LicenseNumber: null,
        YearsOfExperience: null,
        Specialties: [],
        IsAvailable: true,
        IsActive: true,
        Version: 1,
        CreatedAt: person.CreatedAt,
        UpdatedAt: person.UpdatedAt);

    private static User Someone(Role role, long version)
    {
        var (id, now) = (Guid.CreateVersion7(), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return new(
            Id: id,
            HospitalId: Hospital,
            Email: $"{id:N}@general.example",
            FirstName: "Late",
            LastName: "News",
            Role: role,
            PhoneNumber: null,
            DateOfBirth: null,
            LicenseNumber: null,
            YearsOfExperience: null,
            IsActive: true,
            Version: version,
            CreatedAt: now,
            UpdatedAt: now);
    }
}
