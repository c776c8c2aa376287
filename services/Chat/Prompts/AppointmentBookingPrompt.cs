using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Chat.Prompts;

/// <summary>Holds the data of an appointment that is being booked.</summary>
internal sealed class AppointmentBookingData
{
    public Guid? PatientId { get; set; }
    public string? PatientName { get; set; }
    public string? Search { get; set; }
    public string? Reason { get; set; }
    public Guid? SpecialtyId { get; set; }
    public Guid? DoctorId { get; set; }
    public string? DoctorName { get; set; }
    public DateOnly? PreferredDate { get; set; }
    public DateOnly? AppointmentDate { get; set; }
    public TimeOnly? AppointmentTime { get; set; }

    /// <summary>Gets or sets the slots that were free when the chosen time turned out to be taken.</summary>
    public IReadOnlyList<FreeSlot>? Alternatives { get; set; }
    public Guid? AppointmentId { get; set; }
    public Confirmation? Confirmation { get; set; }
}

internal sealed class AppointmentBookingPrompt() : Prompt<BookingStart, AppointmentBookingData>(
    "appointment_booking", Callers.Everyone, "Books an appointment with a doctor: the patient, the reason, the doctor and the time.")
{
    /// <summary>The maximum number of doctors that a recommendation compares.</summary>
    private const int MaxComparedDoctors = 10;

    public override IReadOnlyList<Step> Steps { get; } =
    [
        DefineStep<SelectPatient>("select_patient", "Who is the appointment for? Choose a patient, or search by name or e-mail address.", SelectPatientAsync,
            PatientsAsync, GetKnownPatient),
        DefineStep<DescribeConcern>("describe_concern", "What is it about? A specialty may be chosen; without one, every doctor is offered.",
            DescribeConcernAsync, SpecialtiesAsync),
        DefineStep<ChooseDoctor>("choose_doctor", "Which doctor should it be? Choose one, or get a recommendation: the doctor with the first free slot.",
            ChooseDoctorAsync, DoctorsAsync),
        DefineStep<PickTime>("pick_time", "When? A day alone lists the free slots from that day on.", PickTimeAsync, FreeSlotsAsync),
        DefineStep<ConfirmBooking>("confirm_details",
            "Is everything right? Confirming books the appointment; to change something, answer its step again.", ConfirmAsync),
        DefineStep<SendConfirmation>("send_confirmation",
            "The appointment is booked. Notify the patient and the doctor now? They receive a live event; no letter or e-mail is sent.", SendConfirmationAsync),
    ];

    protected override AppointmentBookingData CreateData(BookingStart start) => new() { PatientId = start.PatientId, PreferredDate = start.PreferredDate };

    protected override Task VerifyAsync(AppointmentBookingData booking, StepContext context) =>
        booking.PreferredDate is { } day ? context.RequireBookableAsync(day, "preferred_date") : Task.CompletedTask;

    private static SelectPatient? GetKnownPatient(AppointmentBookingData booking, StepContext context) =>
        (booking.PatientId ?? (context.Caller.Kind == Callers.Patient ? context.Caller.UserId : null)) is { } id ? new(id) : null;

    private static async Task SelectPatientAsync(AppointmentBookingData booking, SelectPatient chosen, StepContext context)
    {
        booking.Search = chosen.Search;
        if (chosen.PatientId is not { } id)
        {
            if (chosen.Search is null) throw new ValidationFailed("patient_id", "is required, or else search");
            context.RepeatStep();
            return;
        }
        var patient = await context.GetActivePatientAsync(id);
        (booking.PatientId, booking.PatientName, booking.Search) = (patient.Id, $"{patient.FirstName} {patient.LastName}", null);
    }

    private static async Task<IEnumerable<object>> PatientsAsync(AppointmentBookingData booking, StepContext context) =>
        (await context.CallAsync(new ListPatients(context.HospitalId, booking.Search))).Results
            .Select(p => new { PatientId = p.Id, Name = $"{p.FirstName} {p.LastName}", p.Email, p.DateOfBirth });

    private static async Task DescribeConcernAsync(AppointmentBookingData booking, DescribeConcern description, StepContext context)
    {
        if (description.SpecialtyId is { } specialty
            && (await context.CallAsync(new GetSpecialtyDoctors(specialty, context.HospitalId) { Limit = 1 })).Total == 0)
            throw new ValidationFailed("specialty_id", "has no doctors in this hospital; choose another specialty, or none");
        (booking.Reason, booking.SpecialtyId) = (description.Reason, description.SpecialtyId);
    }

    private static async Task<IEnumerable<object>> SpecialtiesAsync(AppointmentBookingData booking, StepContext context) =>
        (await context.CallAsync(new ListSpecialties(IsActive: true) { Limit = 100 })).Results.Select(
            s => new { SpecialtyId = s.Id, s.Code, s.Name, s.Description });

    private static async Task ChooseDoctorAsync(AppointmentBookingData booking, ChooseDoctor chosen, StepContext context)
    {
        if (chosen.DoctorId is null == !chosen.Recommend) throw new ValidationFailed("doctor_id", "is required, or else recommend: true, but not both");
        var id = chosen.DoctorId ?? await RecommendDoctorAsync(booking, context);
        var doctor = await context.CallAsync(new GetDoctorDetails(id));
        if (doctor.HospitalId != context.HospitalId) throw new NotFound("doctor");
        if (!doctor.IsActive || !doctor.IsAvailable)
            throw new Conflict("The doctor does not currently accept appointments. Choose another.").WithDetail("field", "doctor_id");
        (booking.DoctorId, booking.DoctorName, booking.Alternatives) = (doctor.Id, FullName(doctor), null);
    }

    private static async Task<Guid> RecommendDoctorAsync(AppointmentBookingData booking, StepContext context)
    {
        var doctors = (await FindDoctorsAsync(booking, context)).Take(MaxComparedDoctors).Select(d => d.Id).ToArray();
        return await FreeSlot.FindFirstFreeDoctorAsync(doctors, booking.PreferredDate ?? await context.TodayAsync(), context)
            ?? throw new Conflict("No doctor has a free slot within the two weeks that were searched. Choose a doctor, or another specialty.").WithDetail(
                "field", "recommend");
    }

    private static async Task<IEnumerable<object>> DoctorsAsync(AppointmentBookingData booking, StepContext context) =>
        (await FindDoctorsAsync(booking, context)).Select(d => new { DoctorId = d.Id, Name = FullName(d), Specialties = d.Specialties.Select(s => s.Name) });

    private static async Task<IEnumerable<Doctor>> FindDoctorsAsync(AppointmentBookingData booking, StepContext context) => booking.SpecialtyId is { } specialty
        ? (await context.CallAsync(new GetSpecialtyDoctors(specialty, context.HospitalId) { Limit = 100 })).Results.Where(d => d.IsAvailable)
        : (await context.CallAsync(new ListDoctors(context.HospitalId, IsAvailable: true) { Limit = 100 })).Results;

    private static async Task PickTimeAsync(AppointmentBookingData booking, PickTime choice, StepContext context)
    {
        await context.RequireBookableAsync(choice.AppointmentDate, "appointment_date");
        if (choice.AppointmentTime is not { } time)
        {
            (booking.PreferredDate, booking.Alternatives) = (choice.AppointmentDate, null);
            context.RepeatStep();
            return;
        }
        var free = await FreeSlot.OnDayAsync(choice.AppointmentDate, booking.DoctorId!.Value, context);
        if (!free.Contains(new(choice.AppointmentDate, time)))
            throw new Conflict("The doctor is not free at this time. Choose another; details.alternatives lists free times.")
                .WithDetail("alternatives",
                    (free.Count > 0 ? free : await FreeSlot.OnFirstFreeDayAsync(booking.DoctorId.Value, choice.AppointmentDate, context)).Select(
                        f => new { Date = f.AppointmentDate, Time = f.AppointmentTime }));
        (booking.AppointmentDate, booking.AppointmentTime, booking.Alternatives) = (choice.AppointmentDate, time, null);
    }

    private static async Task<IEnumerable<object>> FreeSlotsAsync(AppointmentBookingData booking, StepContext context) =>
        booking.Alternatives ?? await FreeSlot.OnFirstFreeDayAsync(booking.DoctorId!.Value, booking.PreferredDate ?? await context.TodayAsync(), context);

    private static async Task ConfirmAsync(AppointmentBookingData booking, ConfirmBooking answer, StepContext context)
    {
        if (!answer.Confirm) throw new ValidationFailed("confirm", "must be true to book; to change something, answer its step again");
        try
        {
            var appointment = await context.CallOnceAsync(new CreateAppointment(
                booking.PatientId!.Value, booking.DoctorId!.Value, booking.AppointmentDate!.Value, booking.AppointmentTime!.Value,
                booking.Reason!, answer.Notes));
            booking.AppointmentId = appointment.Id;
        }
        catch (Refused refused) when (FreeSlot.FromConflict(refused) is { Count: > 0 } free)
        {
            booking.Alternatives = free;
            context.GoBackTo("pick_time", refused.Message);
        }
        catch (Refused refused) when (refused.Code == ErrorCodes.ValidationError
            && (refused.Details.ContainsKey("appointment_date") || refused.Details.ContainsKey("appointment_time")))
        {
            // The time was free when it was chosen; since then it has passed, or the doctor's hours have changed.
            context.GoBackTo("pick_time", "The chosen time can no longer be booked. Choose another.");
        }
    }

    private static async Task SendConfirmationAsync(AppointmentBookingData booking, SendConfirmation answer, StepContext context)
    {
        var appointment = await context.CallAsync(new GetAppointment(booking.AppointmentId!.Value));
        if (appointment.Status != AppointmentStatus.Scheduled)
            throw new Conflict("The appointment is no longer scheduled; there is nothing to confirm.").WithDetail("status", appointment.Status);
        var confirmation = new Confirmation(
            appointment.Id, appointment.HospitalId, appointment.PatientId, appointment.DoctorId, appointment.AppointmentDate, appointment.AppointmentTime,
            appointment.TimeZone, context.Now);
        booking.Confirmation = confirmation;
        context.Publish(version => new AppointmentConfirmed(confirmation, version));
    }

    private static string FullName(Doctor doctor) => $"{doctor.FirstName} {doctor.LastName}";
}
