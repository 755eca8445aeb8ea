import {
    Many2ManyBinaryField,
    many2ManyBinaryField,
} from "@web/views/fields/many2many_binary/many2many_binary_field";
import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { registry } from "@web/core/registry";
import { useFileViewer } from "@web/core/file_viewer/file_viewer_hook";
import { shrinkPhoto } from "../photos/shrink";
import { useService } from "@web/core/utils/hooks";

/** Photos as pictures, taken with the phone's camera and kept at once. */
export class VisitPhotosField extends Many2ManyBinaryField {
    static template = "field_maintenance.VisitPhotosField";

    setup() {
        super.setup();
        this.fileViewer = useFileViewer();
        this.dialog = useService("dialog");
    }

    /** A photo cannot be taken again once the technician has left. */
    onFileRemove(id) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Delete Photo"),
            body: _t("Do you want to delete this photo?"),
            confirmLabel: _t("Delete"),
            confirm: () => super.onFileRemove(id),
            cancel: () => {},
        });
    }

    /** What the browser cannot read is kept as it is. */
    shrinkFiles(files) {
        return Promise.all(
            files.map(async (file) => {
                try {
                    const response = await fetch(await shrinkPhoto(file));
                    const name = file.name.replace(/\.\w+$/, ".jpg");
                    return new File([await response.blob()], name, { type: "image/jpeg" });
                } catch {
                    return file;
                }
            })
        );
    }

    async onFileUploaded(files) {
        await super.onFileUploaded(files);
        // A phone is put away without saving.
        await this.props.record.save();
    }

    onPhotoClick(id) {
        const photos = this.files.map((file) => ({
            id: file.id,
            name: file.name,
            isImage: true,
            isViewable: true,
            defaultSource: `/web/image/${file.id}`,
            downloadUrl: this.getUrl(file.id),
        }));
        this.fileViewer.open(
            photos.find((photo) => photo.id === id),
            photos
        );
    }
}

export const visitPhotosField = {
    ...many2ManyBinaryField,
    component: VisitPhotosField,
};

registry.category("fields").add("visit_photos", visitPhotosField);
