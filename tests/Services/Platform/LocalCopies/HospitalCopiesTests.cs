using MedCor.Contracts.Hospital;

namespace MedCor.Tests.Services.Platform.LocalCopies;

/// <summary>Tests local copies of hospitals when some events come from replicas of the previous version, through a real broker.</summary>
public sealed class HospitalCopiesTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Fields_missing_from_events_of_an_older_version_stay_unchanged()
    {
        var hospital = Opened(maxOpenPatientBookings: 7);
        await broker.PublishTo("clinical", new HospitalCreated(hospital));

        await broker.PublishTo("clinical", new HospitalUpdated(hospital with { Name = "Renamed", MaxOpenPatientBookings = null, Version = 2 }));
        Assert.Equal(1, await broker.QueryNumber("clinical",
            "SELECT count(*) FROM known_hospitals WHERE hospital_id = $1 AND name = 'Renamed' AND max_open_patient_bookings = 7 AND version = 2", hospital.Id));

        await broker.PublishTo("clinical", new HospitalUpdated(hospital with { MaxOpenPatientBookings = 0, Version = 3 }));
        Assert.Equal(1, await broker.QueryNumber("clinical",
            "SELECT count(*) FROM known_hospitals WHERE hospital_id = $1 AND max_open_patient_bookings = 0 AND version = 3", hospital.Id));
    }

    [Fact]
    public async Task A_hospital_that_only_a_version_before_told_of_lets_its_patients_hold_three()
    {
        var hospital = Opened(maxOpenPatientBookings: null);
        await broker.PublishTo("clinical", new HospitalCreated(hospital));
        Assert.Equal(1,
            await broker.QueryNumber("clinical", "SELECT count(*) FROM known_hospitals WHERE hospital_id = $1 AND max_open_patient_bookings = 3", hospital.Id));
    }

    private static Contracts.Hospital.Hospital Opened(int? maxOpenPatientBookings)
    {
        var id = Guid.CreateVersion7();
        return new(
            Id: id,
            Name: "Told",
            Subdomain: $"h{id:N}",
            RegistrationNumber: $"{id:N}",
            Email: "office@told.example",
            PhoneNumber: "+1-555-0100",
            AddressLine1: "1 Way",
            AddressLine2: null,
            City: "Here",
            State: null,
            Country: "There",
            PostalCode: "1",
            HospitalType: "General",
            TimeZone: "UTC",
            IsActive: true,
            Version: 1,
            CreatedAt: Now,
            UpdatedAt: Now,
            MaxOpenPatientBookings: maxOpenPatientBookings);
    }
}
