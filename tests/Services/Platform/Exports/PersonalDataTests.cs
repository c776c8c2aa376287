using System.Reflection;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace MedCor.Tests.Services.Platform.Exports;

/// <summary>Tests that of each table it is decided whose data it contains, what an export contains of it and what an erasure does with it.</summary>
public sealed class PersonalDataTests
{
    /// <summary>The tables that no entity is mapped to, and why nobody misses them in an export or an erasure.</summary>
    private static readonly Dictionary<string, string> Unmapped = new()
    {
        ["schema_migrations"] = "names of migrations",
        ["inbox"] = "IDs of events",
        ["tellings"] = "progress of replays",
        ["known_users"] = "IDs, roles and states of accounts",
        ["data_keys"] = "wrapped keys",
        ["encryption_not_started"] = "the time of an upgrade",
        ["audit_watch"] = "numbers of accesses of the last two days",
        ["erasures"] = "IDs of users who were erased within the last two hours",
        ["failed_logins"] = "hashes of addresses, of an earlier version",
        ["used_assertions"] = "IDs of assertions of programs",
        ["invoice_numbers"] = "the last number of a hospital",
        ["head_counts"] = "numbers of people",
        ["hospital_days"] = "numbers of appointments",
        ["patient_months"] = "IDs of patients and months",
        ["schedules"] = "timetables of an earlier version, in Analytics",
        ["histories"] = "progress of replays",
        ["patient_keys"] = "what accounts are found by, computed from them",
        ["patients_to_compare"] = "IDs of patients who have changed",
        ["name_variants"] = "spellings of names, of nobody in particular",
        ["moved_rows"] = "IDs of rows that merges have moved",
    };

    public static TheoryData<Type> Databases => [.. ServiceDatabases.All];

    [Theory, MemberData(nameof(Databases))]
    public void Each_entity_declares_whose_data_it_is(Type dbType)
    {
        foreach (var entity in Entities(dbType))
        {
            var (personal, none) = (entity.ClrType.GetCustomAttribute<PersonalDataAttribute>(), entity.ClrType.GetCustomAttribute<NoPersonalDataAttribute>());
            Assert.True(personal is null != none is null, $"{entity.ClrType.Name} has PersonalData or NoPersonalData");
            if (personal is null) continue;
            Assert.NotEmpty(personal.People);
            Assert.All(personal.People, name => Assert.Contains(entity.FindProperty(name)?.ClrType, (Type?[])[typeof(Guid), typeof(Guid?), typeof(string)]));
            Assert.NotNull((personal.PartOf ?? entity.ClrType).GetCustomAttribute<PersonalDataAttribute>());
        }
    }

    /// <summary>A property that looks like a person's ID, in an entity that declares to be about nobody, is a mistake.</summary>
    [Theory, MemberData(nameof(Databases))]
    public void An_entity_that_names_a_person_is_personal_data(Type dbType)
    {
        string[] people = ["UserId", "PatientId", "DoctorId", "OwnerId", "CallerId"];

        Assert.Empty(from entity in Entities(dbType)
                     where entity.ClrType.GetCustomAttribute<NoPersonalDataAttribute>() is not null
                     from property in entity.GetProperties()
                     where people.Contains(property.Name)
                     select $"{entity.ClrType.Name}.{property.Name}");
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task Each_table_has_an_entity_or_a_reason_to_have_none(Type dbType)
    {
        var service = dbType.Name[..^2].ToLowerInvariant();
        await using var database = await (await MedCorFixture.Get()).OpenDatabase(service);
        await using var command = new NpgsqlCommand(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition", database);
        await using var reader = await command.ExecuteReaderAsync();
        var tables = new List<string>();
        while (await reader.ReadAsync()) tables.Add(reader.GetString(0));

        Assert.Empty(tables.Except(Entities(dbType).Select(e => e.GetTableName()!)).Except(Unmapped.Keys));
    }

    private static IEnumerable<IEntityType> Entities(Type dbType)
    {
        using var signal = new OutboxSignal();
        var options = (DbContextOptionsBuilder)Activator.CreateInstance(typeof(DbContextOptionsBuilder<>).MakeGenericType(dbType))!;
        options.UseNpgsql("Host=nowhere");
        using var db = (TenantDb)Activator.CreateInstance(dbType, options.Options, TimeProvider.System, signal)!;
        return [.. db.Model.GetEntityTypes()];
    }
}
