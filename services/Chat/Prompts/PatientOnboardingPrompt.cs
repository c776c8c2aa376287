using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Chat.Prompts;

/// <summary>Holds the data of a patient who is being onboarded. Data that the medical record contains is cleared here once the record is written.</summary>
internal sealed class OnboardingData
{
    public string? ReferralSource { get; set; }
    public BasicInformation? Person { get; set; }
    public MedicalHistory? History { get; set; }
    public Insurance? Insurance { get; set; }
    public Consents? Consents { get; set; }
    public DateTimeOffset? ConsentedAt { get; set; }
    public Guid? PatientId { get; set; }
    public Guid? RecordId { get; set; }
    public Guid? DoctorAsked { get; set; }
    public DateOnly? DateAsked { get; set; }
    public Guid? AppointmentId { get; set; }
}

internal sealed class PatientOnboardingPrompt() : Prompt<OnboardingStart, OnboardingData>(
    "patient_onboarding", Callers.HospitalAdmin | Callers.Nurse,
    "Registers a new patient: personal data, medical history, insurance, consents, an account and a first appointment.")
{
    public override IReadOnlyList<Step> Steps { get; } =
    [
        DefineStep<BasicInformation>("basic_information", "Who is the patient, and how can they be reached?", SetBasicInformationAsync),
        DefineStep<MedicalHistory>("medical_history",
            "Which illnesses, allergies, medications and operations does the patient report? Leave out what is not reported.", SetMedicalHistoryAsync),
        DefineStep<Insurance>("insurance", "Who pays for the treatment? Send an empty answer when there is no insurer.", SetInsuranceAsync),
        DefineStep<Consents>("consents", "What does the patient consent to? Consent to treatment and to data processing is required.", SetConsentsAsync),
        DefineStep<CreateAccount>("create_account",
            "Open the patient's account. The reported history is written to the medical record. A patient who cannot log in yet is sent a mail with a link.",
            OpenAccountAsync),
        DefineStep<ScheduleFirstVisit>("schedule_visit", "Does the patient need an appointment? Choose a doctor and a time, or send an empty answer.",
            ScheduleVisitAsync, VisitOptionsAsync),
    ];

    protected override OnboardingData CreateData(OnboardingStart start) => new() { ReferralSource = start.ReferralSource };

    private static async Task SetBasicInformationAsync(OnboardingData onboarding, BasicInformation person, StepContext context)
    {
        await context.RequirePastAsync(person.DateOfBirth, "date_of_birth");
        onboarding.Person = person;
    }

    private static Task SetMedicalHistoryAsync(OnboardingData onboarding, MedicalHistory history, StepContext context)
    {
        onboarding.History = history;
        return Task.CompletedTask;
    }

    private static async Task SetInsuranceAsync(OnboardingData onboarding, Insurance insurance, StepContext context)
    {
        var empty = new Insurance();
        var errors = new Dictionary<string, List<string>>();
        if (insurance.Provider is null && insurance != empty)
            errors["provider"] = ["is required with the other fields; send an empty answer when there is no insurance"];
        if (insurance.Provider is not null && insurance.PolicyNumber is null) errors["policy_number"] = ["is required when there is a provider"];
        if (insurance.ValidUntil is { } validUntil)
        {
            var today = await context.TodayAsync();
            if (validUntil < today) errors["valid_until"] = ["is in the past: this insurance has expired; enter the current one, or send an empty answer"];
            else if (PlannedDateAttribute.FindTooFarError(validUntil, today) is { } tooFar)
                errors["valid_until"] = [$"{tooFar}; omit it for an insurance without an end"];
        }
        if (errors.Count > 0) throw new ValidationFailed(errors);
        onboarding.Insurance = insurance == empty ? null : insurance;
    }

    private static Task SetConsentsAsync(OnboardingData onboarding, Consents consents, StepContext context)
    {
        var errors = new Dictionary<string, List<string>>();
        if (!consents.Treatment) errors["treatment"] = ["must be true: treatment requires this consent"];
        if (!consents.DataProcessing) errors["data_processing"] = ["must be true: a medical record requires this consent"];
        if (errors.Count > 0) throw new ValidationFailed(errors);
        (onboarding.Consents, onboarding.ConsentedAt) = (consents, context.Now);
        return Task.CompletedTask;
    }

    private static async Task OpenAccountAsync(OnboardingData onboarding, CreateAccount account, StepContext context)
    {
        var person = onboarding.Person! with { Email = account.Email ?? onboarding.Person.Email };
        var patient = await context.CallOnceAsync(new CreateUser(
            person.FirstName, person.LastName, Role.Patient, person.Email, account.Password, context.HospitalId, person.PhoneNumber, person.DateOfBirth));
        var record = await context.CallOnceAsync(new CreateMedicalRecord(
            patient.Id, "Onboarding", context.Caller.Kind == Callers.Nurse ? RecordType.NursingNote : RecordType.Onboarding, Describe(onboarding)));
        (onboarding.Person, onboarding.PatientId, onboarding.RecordId) = (person, patient.Id, record.Id);
        (onboarding.History, onboarding.Insurance, onboarding.Consents) = (null, null, null);
    }

    private static async Task ScheduleVisitAsync(OnboardingData onboarding, ScheduleFirstVisit choice, StepContext context)
    {
        if (choice == new ScheduleFirstVisit()) return;
        if (choice.DoctorId is not { } doctor) throw new ValidationFailed("doctor_id", "is required for an appointment; send an empty answer for none");
        if (choice.AppointmentDate is { } day) await context.RequireBookableAsync(day, "appointment_date");
        if (choice.AppointmentTime is not { } time)
        {
            (onboarding.DoctorAsked, onboarding.DateAsked) = (doctor, choice.AppointmentDate);
            context.RepeatStep();
            return;
        }
        var date = choice.AppointmentDate ?? throw new ValidationFailed("appointment_date", "is required with a time");
        onboarding.AppointmentId =
            (await context.CallOnceAsync(new CreateAppointment(onboarding.PatientId!.Value, doctor, date, time, choice.Reason ?? "First visit"))).Id;
    }

    private static async Task<IEnumerable<object>> VisitOptionsAsync(OnboardingData onboarding, StepContext context)
    {
        if (onboarding.DoctorAsked is { } doctor)
            return (await FreeSlot.OnFirstFreeDayAsync(doctor, onboarding.DateAsked ?? await context.TodayAsync(), context)).Select(
                f => new { DoctorId = doctor, f.AppointmentDate, f.AppointmentTime });
        return (await context.CallAsync(new ListDoctors(context.HospitalId, IsAvailable: true) { Limit = 100 })).Results
            .Select(d => new { DoctorId = d.Id, Name = $"{d.FirstName} {d.LastName}", Specialties = d.Specialties.Select(s => s.Name) });
    }

    /// <summary>
    /// Returns the patient's answers as text for the medical record. The text is shorter than a record may be, because every answer is bounded.
    /// </summary>
    private static string Describe(OnboardingData onboarding)
    {
        var (history, insurance, consents) = (onboarding.History!, onboarding.Insurance, onboarding.Consents!);
        (string Name, string? Text)[] lines =
        [
            ("Conditions", JoinTexts(history.Conditions)),
            ("Allergies", JoinTexts(history.Allergies)),
            ("Medications", JoinTexts(history.Medications)),
            ("Surgeries", JoinTexts(history.Surgeries)),
            ("Family history", history.FamilyHistory),
            ("Notes", history.Notes),
            ("Insurance", insurance is null ? "none" : string.Join(", ",
                new[] { insurance.Provider, insurance.PolicyNumber, insurance.GroupNumber, insurance.ValidUntil?.ToString("yyyy-MM-dd") }.OfType<string>())),
            ("Consents", string.Join(", ", ConsentLines(consents))),
            ("Consented at", onboarding.ConsentedAt?.ToString("u")),
            ("Referred by", onboarding.ReferralSource),
        ];
        return string.Join('\n', lines.Select(line => $"{line.Name}: {(string.IsNullOrEmpty(line.Text) ? "not reported" : line.Text)}"));
    }

    private static string? JoinTexts(IReadOnlyList<string>? texts) => texts is null ? null : texts.Count == 0 ? "none" : string.Join("; ", texts);

    private static IEnumerable<string> ConsentLines(Consents consents)
    {
        yield return $"treatment {GivenOrNot(consents.Treatment)}";
        yield return $"data processing {GivenOrNot(consents.DataProcessing)}";
        yield return $"share with insurer {GivenOrNot(consents.ShareWithInsurer)}";
        yield return $"reminders {GivenOrNot(consents.Reminders)}";
        yield return $"research {GivenOrNot(consents.Research)}";
    }

    private static string GivenOrNot(bool given) => given ? "given" : "not given";
}
